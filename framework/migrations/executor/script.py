"""One revision file at work on a database: its operations, and its work on rows."""

from copy import copy
from inspect import iscoroutinefunction
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncConnection

from framework.migrations.data.data import Data, SyncData
from framework.migrations.database.connection import watching
from framework.migrations.database.lock import Tell
from framework.migrations.database.retries import RetryPolicy
from framework.migrations.errors import StateError
from framework.migrations.executor.autocommit import SteppedOperations
from framework.migrations.history.graph import Step
from framework.migrations.history.loader import load_module
from framework.migrations.operations.op import bound
from framework.migrations.recorder.progress import Progress
from framework.migrations.schema_editor.operations import LiveOperations
from framework.migrations.state.replay import replay_one
from framework.migrations.state.state import State

__all__ = ["Script"]

CONTEXT = "migrations.context"


class Script:
    """Runs the file of one step. `state` follows; with a `progress` it goes on from there and commits as it goes."""

    def __init__(
        self,
        step: Step,
        state: State,
        policy: RetryPolicy,
        tell: Tell,
        progress: Progress | None = None,
    ) -> None:
        self.step = step
        self.state = state
        self.policy = policy
        self.tell = tell
        self.progress = progress
        self.module: ModuleType = load_module(step.migration)

    def works_on_rows(self) -> bool:
        """Tell whether it has a function for rows, on the way it goes."""
        return hasattr(self.module, "data" if self.step.forward else "undo_data")

    def leaves_tables_alone(self) -> bool:
        """Tell whether it works on rows and nothing else."""
        if not hasattr(self.module, "data"):
            return False
        try:
            return not replay_one(self.step.migration, self.state.copy())
        except StateError:
            return False

    async def run(self, connection: AsyncConnection) -> None:
        """Do all of it: rows after the tables, and on the way back before them."""
        if self.step.forward:
            await connection.run_sync(self.change_tables)
            await self.change_rows(connection, "data")
        else:
            await self.change_rows(connection, "undo_data")
            await connection.run_sync(self.change_tables)

    def change_tables(self, connection: sa.Connection) -> None:
        """Run `upgrade()` or `downgrade()`."""
        function: Any = getattr(self.module, "upgrade" if self.step.forward else "downgrade", None)
        if function is None:
            return
        if self.progress is None:
            with bound(LiveOperations(context_of(connection), self.state, self.step.migration)):
                function()
            return
        context = MigrationContext.configure(connection)
        operations = SteppedOperations(context, self.state, self.step.migration, self.progress, self.policy, self.tell)
        with bound(operations):
            function()
        connection.commit()
        operations.require_complete()

    async def change_rows(self, connection: AsyncConnection, name: str) -> None:
        """Run `data()` or `undo_data()`."""
        function: Any = getattr(self.module, name, None)
        if function is None:
            return
        if self.progress is None:
            await self.call(function, connection)
        elif not self.progress.data_done:
            async with watching(connection, True):
                await self.call(function, connection)
                self.progress.data_done = True
                await connection.run_sync(self.progress.save)
                await connection.commit()

    async def call(self, function: Any, connection: AsyncConnection) -> None:
        """Call a function of the file with what it works on."""

        def sync(connection: sa.Connection) -> SyncData:
            return SyncData(connection, self.state, self.progress, self.tell)

        if iscoroutinefunction(function):
            await function(Data(connection, await connection.run_sync(sync)))
        else:
            await connection.run_sync(lambda connection: function(sync(connection)))


def context_of(connection: sa.Connection) -> MigrationContext:
    """Return Alembic's context for a transaction; to copy the first of a connection is much faster than to make one."""
    first = connection.info.get(CONTEXT)
    if first is None or first.connection is not connection:
        first = connection.info[CONTEXT] = MigrationContext.configure(connection)
    context = copy(first)
    context.impl = copy(first.impl)
    context.impl.memo = {}
    return context
