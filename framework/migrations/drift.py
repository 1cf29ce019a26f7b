"""Who is ahead: the models, the migration files, or the database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from framework.migrations.autodetector.detector import detect
from framework.migrations.autodetector.models import tables_of_models
from framework.migrations.autodetector.questioner import Anything
from framework.migrations.executor.project import executor_of
from framework.migrations.history.graph import Graph
from framework.migrations.history.replacements import stands_for
from framework.migrations.inspection.reflect import reflect
from framework.migrations.inspection.scratch import told_back
from framework.migrations.recorder.progress import TABLE as PROGRESS
from framework.migrations.recorder.recorder import TABLE, Recorder
from framework.migrations.schema.differences import Difference, differences
from framework.migrations.schema.table import Table
from framework.migrations.state.replay import replay, replay_one
from framework.migrations.state.state import State

if TYPE_CHECKING:
    from framework.project import Project

__all__ = ["Drift", "Finding", "drift_of"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the database has otherwise than the migrations it has say."""

    app: str
    difference: Difference
    advice: str


@dataclass(slots=True)
class Drift:
    """How models, files and database are apart."""

    models: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """By app: changes of the models that no file makes."""
    files: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """By app: migrations that the database lacks."""
    recorded: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """By app: migrations that the database has and that have no file."""
    database: list[Finding] = field(default_factory=list[Finding])
    strangers: list[str] = field(default_factory=list[str])
    """Tables that no app owns or ever owned. They are none of our business, and no drift."""

    def __bool__(self) -> bool:
        return bool(self.models or self.files or self.recorded or self.database)

    @property
    def apps(self) -> list[str]:
        """The labels of the apps with something to tell."""
        return sorted({*self.models, *self.files, *self.recorded, *(item.app for item in self.database)})


async def drift_of(project: "Project") -> Drift:
    """Compare a project's models, its migration files and its database. Changes nothing."""
    models = tables_of_models(project)
    async with executor_of(project) as executor, executor.engine.connect() as connection:
        return await connection.run_sync(compare, executor.graph, models)


def compare(connection: sa.Connection, graph: Graph, models: Mapping[str, Table]) -> Drift:
    """Compare models, files and the database behind `connection`."""
    rows = Recorder(connection).rows().within(graph)
    graph = graph.given(rows.names)
    applied = rows.applied(graph)
    files, owners = replay(graph), owners_of(graph, models)
    drift = Drift()
    for migration in detect(graph, files, models, Anything()):
        drift.models.setdefault(migration.app, []).extend(f"{item.symbol} {item.text}" for item in migration.changes)
    for revision in graph.order:
        node = graph.nodes[revision]
        if revision not in applied:
            drift.files.setdefault(node.app, []).append(node.name)
    known = {row for node in graph.files.values() for row in (*stands_for(node, graph.files), (node.app, node.name))}
    for app, name in sorted(rows.names - known):
        drift.recorded.setdefault(app, []).append(name)
    now = replay(graph, applied)
    schemas = {table.schema for tables in (now.tables, files.tables, models) for table in tables.values()}
    live = reflect(connection, [None, *sorted(name for name in schemas if name)])
    compared = Compared(connection, {**live.tables, **live.partitions}, owners)
    drift.database = compared.findings(now, files, models)
    own = (TABLE.name, PROGRESS.name)
    drift.strangers = sorted({*live.tables} - {*owners, *own})
    return drift


def owners_of(graph: Graph, models: Mapping[str, Table]) -> dict[str, str]:
    """Return the app of every table that a model has or that a migration ever made, by key."""
    owners: dict[str, str] = {}
    state = State()
    for revision in graph.order:
        replay_one(graph.nodes[revision], state)
        owners |= {key: table.app for key, table in state.tables.items()}
    return owners | {key: table.app for key, table in models.items()}


@dataclass(slots=True)
class Compared:
    """The live tables that some app owns, compared with what they should be."""

    connection: sa.Connection
    live: Mapping[str, Table]
    owners: Mapping[str, str]

    def against(self, tables: Mapping[str, Table]) -> list[Difference]:
        """Return what the database has otherwise than `tables`."""
        owned = {key: table for key, table in self.live.items() if key in self.owners}
        return list(differences(told_back(self.connection, tables), owned, self.connection.dialect))

    def findings(self, now: State, files: State, models: Mapping[str, Table]) -> list[Finding]:
        """Return what the database has otherwise than its migrations say, and what to do about each."""
        found = self.against(now.tables)
        if not found:
            return []
        # What is no difference to what comes later, the database is ahead with.
        later, last = places(self.against(files.tables)), places(self.against(models))
        return [
            Finding(self.owners[item.key], item, advice(item, self.owners[item.key], later, last)) for item in found
        ]


def places(items: Iterable[Difference]) -> set[tuple[str, str]]:
    return {(item.key, item.part) for item in items} | {(item.key, "") for item in items if not item.part}


def advice(item: Difference, app: str, later: set[tuple[str, str]], last: set[tuple[str, str]]) -> str:
    """Return what to do about a difference."""
    if (item.key, item.part) not in later:
        return (
            "The database is ahead: migrations not applied yet make this. "
            f"Note them: python manage.py migrate {app} --fake"
        )
    if (item.key, item.part) not in last:
        return (
            f"The database is ahead, and as the models say: python manage.py makemigrations {app}, "
            f"then python manage.py migrate {app} --fake"
        )
    if item.kind == "missing":
        return "Put it back by SQL; or take it from the models, makemigrations, and migrate --fake."
    if item.kind == "extra":
        return "Add it to the models, makemigrations, and migrate --fake; or remove it by SQL if nothing needs it."
    return "Alter it back by SQL; or say the same in the models, makemigrations, and migrate --fake."
