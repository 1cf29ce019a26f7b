"""Replays migration files into a state: no connection, no dialect's SQL, the same answer on every machine."""

import traceback
from collections.abc import Iterable, Sequence
from copy import copy
from functools import cache
from typing import Any

from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects import postgresql

from framework.migrations.errors import StateError
from framework.migrations.history.graph import Graph, Migration
from framework.migrations.history.loader import load_module
from framework.migrations.operations.op import bound
from framework.migrations.state.operations import StateOperations
from framework.migrations.state.state import State

__all__ = ["replay", "replay_one"]


DIALECT = postgresql.dialect()
"""Files that branch on the database take the same branch everywhere."""


class NoConnection:
    """What `op.get_bind()` gives during replay: writing through it does nothing, reading is an error."""

    def __init__(self) -> None:
        self.dialect = DIALECT

    def execute(self, *args: object, **options: object) -> "NoResult":
        return NoResult()

    exec_driver_sql = scalar = scalars = execute

    def _run_ddl_visitor(self, *args: object, **options: object) -> None:
        """Take `sa.Enum(...).create(op.get_bind())`, which writes."""

    def in_transaction(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        raise no_reading(f"op.get_bind().{name}")


class NoResult:
    """The result of a statement that was not sent."""

    def __getattr__(self, name: str) -> Any:
        raise no_reading(f"the result's {name}")

    def __iter__(self) -> Any:
        raise no_reading("the result's iterator")


def no_reading(what: str) -> StateError:
    return StateError(
        f"This migration reads from the database: {what} was used while its file is replayed without one.",
        hint="Move work on data into a function called data(), which replay never calls.",
        code="migrations.reads",
    )


def replay(graph: Graph, revisions: Iterable[str] | None = None) -> State:
    """Return the state after `revisions`, by default after all; they are replayed in the graph's order."""
    state, context = State(), no_context()
    wanted = None if revisions is None else set(revisions)
    for revision in graph.order:
        if wanted is None or revision in wanted:
            replay_one(graph.nodes[revision], state, context=context)
    return state


def replay_one(
    migration: Migration, state: State, function: str = "upgrade", *, context: MigrationContext | None = None
) -> Sequence[ops.MigrateOperation]:
    """Bring `state` past one migration, or with "downgrade" before it; return the operations that is made of."""
    context = context or no_context()
    operations = StateOperations(context, state, migration)
    try:
        with bound(operations):
            # One that only works on rows needs no upgrade().
            getattr(load_module(migration), function, nothing)()
    except StateError as error:
        raise StateError(f"{place(migration, error)}: {error.message}", hint=error.hint, code=error.code) from None
    return operations.recorded


@cache
def blank_context() -> MigrationContext:
    return MigrationContext.configure(dialect=DIALECT)


def no_context() -> MigrationContext:
    """Return a context of its own without a connection; to copy one is much faster than to make one."""
    context = copy(blank_context())
    context.impl = copy(context.impl)
    context.impl.memo = {}
    connection: Any = NoConnection()
    context.connection = context.impl.connection = connection
    return context


def nothing() -> None:
    pass


def place(migration: Migration, error: Exception) -> str:
    """Return the file and line of a migration that an error came from."""
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(migration.path)
    ]
    return f"{migration.path}:{lines[-1]}" if lines else str(migration.path)
