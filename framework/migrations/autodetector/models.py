"""The tables that a project's models describe."""

from framework.db.mapping.resolution import models_of, resolve_references, tables_of
from framework.migrations.history.project import Site
from framework.migrations.schema.reader import read_table
from framework.migrations.schema.table import Table

__all__ = ["tables_of_models"]


def tables_of_models(project: Site) -> dict[str, Table]:
    """Return the tables of the installed apps by name, each after those it refers to; an outline's are imported now."""
    for _ in project.apps.modules("models"):
        pass
    resolve_references(project)
    apps = {table.key: app.app_label for app in project.apps for table in tables_of(project, app.app_label)}
    names: dict[str, str] = {
        getattr(model, "__table__").key: model.__name__  # noqa: B009 — sqlmodel declares no such attribute
        for model in models_of(project)
    }
    keys = ((table, table.key) for table in tables_of(project))
    return {key: read_table(table, apps[key], names.get(key, "")) for table, key in keys if key in apps}
