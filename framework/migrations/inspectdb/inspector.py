"""From a project's database to the text of a models.py."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from framework.db import models_of
from framework.errors import CommandError
from framework.migrations.database.connection import database_of, open_engine
from framework.migrations.inspectdb.module import Module
from framework.migrations.inspectdb.relations import Place
from framework.migrations.inspection.live import Live
from framework.migrations.inspection.reflect import reflect
from framework.migrations.recorder.recorder import TABLE
from framework.near import near

if TYPE_CHECKING:
    from framework.project import Project

__all__ = ["Wanted", "models_of_database", "render"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tables to write."""

    names: frozenset[str] = frozenset()
    """By name; none means all that no installed app has a model of."""
    views: bool = False
    partitions: bool = False
    schema: str | None = None


async def models_of_database(project: "Project", wanted: Wanted) -> str:
    """Return the text of a models.py for the tables of a project's database."""
    engine = open_engine((await database_of(project)).url)

    def look(connection: sa.Connection) -> Live:
        if wanted.schema is not None:
            require_schema(connection, wanted.schema)
        return reflect(connection, [wanted.schema])

    try:
        async with engine.connect() as connection:
            live = await connection.run_sync(look)
    finally:
        await engine.dispose()
    return render(live, wanted, known_models(project), engine.dialect.name)


def require_schema(connection: sa.Connection, schema: str) -> None:
    """Raise unless the database has a schema."""
    names = sa.inspect(connection).get_schema_names()
    if schema not in names:
        raise CommandError(
            f"There is no schema {schema!r} in the database.",
            hint=f"There are: {', '.join(names)}.",
            code="migrations.no-schema",
        )


def known_models(project: "Project") -> dict[str, Place]:
    """Return where the models of installed apps are, by the key of their tables."""
    places: dict[str, Place] = {}
    for app in project.apps:
        for model in models_of(project, app.app_label):
            key: str = getattr(model, "__table__").key  # noqa: B009  # sqlmodel declares no such attribute
            places[key] = Place(model.__name__, f"{app.app_label}.{model.__name__}", model.__module__)
    return places


def render(live: Live, wanted: Wanted, known: dict[str, Place], dialect: str) -> str:
    """Return the text of a models.py for what is wanted of a database."""
    every = {table.name: table for table in live.all.values()}
    for name in sorted(wanted.names - set(every)):
        raise unknown(name, sorted(every))

    def asked(key: str, name: str, included: bool) -> bool:
        return name in wanted.names or (
            not wanted.names and included and key not in known and name not in (TABLE.name, "alembic_version")
        )

    tables = {key: table for key, table in live.tables.items() if asked(key, table.name, True)}
    unmanaged = {key: table for key, table in live.partitions.items() if asked(key, table.name, wanted.partitions)}
    unmanaged |= {key: table for key, table in live.views.items() if asked(key, table.name, wanted.views)}
    if not tables and not unmanaged:
        raise CommandError(
            "The database has no table without a model.",
            hint="Name tables to write them anyway; --schema looks in another schema.",
            code="migrations.nothing-to-inspect",
        )
    return Module(
        tables, unmanaged, {key: place for key, place in known.items() if key not in tables}, dialect
    ).render()


def unknown(name: str, names: list[str]) -> CommandError:
    return CommandError(
        f"There is no table {name!r} in the database.",
        hint=near(name, names) or f"There are: {', '.join(names) or 'none'}.",
        code="migrations.no-table",
    )
