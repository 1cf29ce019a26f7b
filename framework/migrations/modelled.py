"""The tables that a project's models describe."""

from typing import TYPE_CHECKING

from framework.db import models_of, tables_of
from framework.migrations.reading import read_table
from framework.migrations.schema import Table

if TYPE_CHECKING:
    from framework.project import Project

__all__ = ["tables_of_models"]


def tables_of_models(project: "Project") -> dict[str, Table]:
    """Return the tables of the installed apps by name, each after those it refers to."""
    owners: dict[str, tuple[str, str]] = {}
    for app in project.apps:
        owners |= {table.key: (app.app_label, "") for table in tables_of(project, app.app_label)}
        for model in models_of(project, app.app_label):
            key: str = getattr(model, "__table__").key  # noqa: B009 — sqlmodel declares no such attribute
            owners[key] = (app.app_label, model.__name__)
    return {table.key: read_table(table, *owners[table.key]) for table in tables_of(project) if table.key in owners}
