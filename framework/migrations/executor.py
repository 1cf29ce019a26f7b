"""Applies migrations and takes them back: each in one transaction, its row included."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.util.exc import CommandError as AlembicError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from framework.errors import FrameworkError
from framework.migrations.binding import bound
from framework.migrations.connection import lock
from framework.migrations.graph import Graph, Migration, Step
from framework.migrations.loader import load_module
from framework.migrations.operations import LiveOperations
from framework.migrations.recorder import Recorder
from framework.migrations.replay import replay
from framework.migrations.state import State

__all__ = ["Executor", "MigrationFailed", "Moment", "Report"]

type Moment = Literal["start", "done", "skipped", "failed"]
type Report = Callable[[Step, Moment], None]


class MigrationFailed(FrameworkError):
    """A migration could not be carried out; the database is as it was before it."""

    code = "migrations.failed"


def silent(step: Step, moment: Moment) -> None:
    """Report nothing."""


class Executor:
    """Runs steps on one database. Works inside a running event loop."""

    def __init__(self, engine: AsyncEngine, graph: Graph) -> None:
        self.engine = engine
        self.graph = graph

    async def applied(self) -> set[str]:
        """Return the revisions that the database has."""
        async with self.engine.connect() as connection:
            return await connection.run_sync(lambda sync: Recorder(sync).applied(self.graph))

    async def run(self, steps: Sequence[Step], *, fake: bool = False, report: Report = silent) -> None:
        """Carry out `steps` in order; with `fake` only their rows are written.

        Raises `MigrationFailed` at the first that fails: those before it stay, nothing of it does.
        """
        if not steps:
            return
        async with self.engine.connect() as connection:
            async with connection.begin():
                await connection.run_sync(prepare)
            applied = await connection.run_sync(lambda sync: Recorder(sync).applied(self.graph))
            await connection.rollback()
            state = replay(self.graph, applied)
            for step in steps:
                await self.carry_out(connection, step, state, fake, report)

    async def carry_out(
        self, connection: AsyncConnection, step: Step, state: State, fake: bool, report: Report
    ) -> None:
        """Carry out one step in a transaction of its own."""
        report(step, "start")
        try:
            async with connection.begin():
                done = await connection.run_sync(self.work, step, state, fake)
        except BaseException as error:
            report(step, "failed")
            if isinstance(error, SQLAlchemyError | AlembicError | ArithmeticError | LookupError | ValueError):
                raise failure(step, error) from error
            raise
        report(step, "done" if done else "skipped")

    def work(self, connection: sa.Connection, step: Step, state: State, fake: bool) -> bool:
        """Do the work of one step; return False when another process has done it meanwhile."""
        lock(connection)
        recorder = Recorder(connection)
        migration = step.migration
        if ((migration.app, migration.name) in recorder.names()) == step.forward:
            return False
        if not fake:
            run_file(connection, step, state)
        if step.forward:
            recorder.record(migration)
        else:
            recorder.forget([migration])
        if connection.dialect.name == "sqlite" and not fake:
            require_whole(connection, migration)
        return True


def prepare(connection: sa.Connection) -> None:
    """Make the table of applied migrations, one process at a time."""
    lock(connection)
    Recorder(connection).create()


def run_file(connection: sa.Connection, step: Step, state: State) -> None:
    """Run `upgrade()` or `downgrade()` of a revision file."""
    context = MigrationContext.configure(connection)
    module: Any = load_module(step.migration)
    function = getattr(module, "upgrade" if step.forward else "downgrade", None)
    if function is None:
        raise MigrationFailed(
            f"{step.migration} cannot be taken back: {step.migration.path} has no downgrade().",
            hint="Write one, or restore a backup.",
            code="migrations.irreversible",
        )
    with bound(LiveOperations(context, state, step.migration)):
        function()


def require_whole(connection: sa.Connection, migration: Migration) -> None:
    """Raise when rows point at nothing: SQLite did not watch while the migration ran."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        table, rowid, parent, _ = broken[0]
        raise MigrationFailed(
            f"{migration} was undone: {len(broken)} row(s) would point at nothing, the first in table {table!r} "
            f"(rowid {rowid}), which points at {parent!r}.",
            hint="Correct those rows first, or in the migration.",
            code="migrations.orphans",
        )


def failure(step: Step, error: Exception) -> MigrationFailed:
    """Say which migration failed, at which statement, and what stands."""
    verb = "apply" if step.forward else "take back"
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip().partition("\n")[0]
    statement = f"\n  Statement: {error.statement.strip()}" if isinstance(error, DBAPIError) and error.statement else ""
    return MigrationFailed(
        f"Could not {verb} {step.migration}: {type(error).__name__}: {said}{statement}",
        hint="Nothing of this migration was kept, all before it stands. "
        f"Correct {step.migration.path} or the data and run migrate again.",
    )
