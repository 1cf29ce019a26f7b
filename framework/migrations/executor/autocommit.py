"""Runs a migration operation by operation, each kept by itself, so that a run that broke off goes on there."""

import asyncio
import hashlib
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.util import await_only

from framework.errors import FrameworkError
from framework.migrations.database.connection import outside_transactions, require_whole
from framework.migrations.database.lock import Tell
from framework.migrations.database.retries import RetryPolicy
from framework.migrations.errors import MigrationFailed
from framework.migrations.history.graph import Migration
from framework.migrations.operations.transactions import needs_no_transaction
from framework.migrations.recorder.progress import Progress
from framework.migrations.schema_editor.concurrency import is_done, sweep
from framework.migrations.schema_editor.operations import LiveOperations
from framework.migrations.state.operations import Batch
from framework.migrations.state.state import State
from framework.migrations.writer.operations import body

__all__ = ["SteppedOperations"]


class SteppedOperations(LiveOperations):
    """What `op` is in a migration that does not run in one transaction."""

    def __init__(
        self,
        context: MigrationContext,
        state: State,
        migration: Migration,
        progress: Progress,
        policy: RetryPolicy,
        tell: Tell,
    ) -> None:
        super().__init__(context, state, migration)
        self.progress = progress
        self.policy = policy
        self.tell = tell
        self.position = 0
        self.digest = ""
        self.busy = False
        self.outside = False

    def invoke(self, operation: ops.MigrateOperation) -> Any:
        """Carry out one operation, unless a former run has."""
        if self.busy:
            return super().invoke(operation)
        result = self.step([operation], lambda: super(SteppedOperations, self).invoke(operation))
        return operation.to_table() if isinstance(operation, ops.CreateTableOp) else result

    def alter(self, batch: Batch, options: dict[str, Any]) -> None:
        """Carry out what a block collected, unless a former run has."""
        if self.busy:
            super().alter(batch, options)
        else:
            self.step(batch.collected, lambda: super(SteppedOperations, self).alter(batch, options))

    @contextmanager
    def autocommit_block(self) -> Generator[None]:
        """Run the operations inside in no transaction at all, as PostgreSQL wants it for some of them."""
        self.outside = True
        try:
            # What is sent through `op.get_bind()` too.
            with outside_transactions(self.connection):
                yield
        finally:
            self.outside = False

    def step(self, operations: Sequence[ops.MigrateOperation], work: Callable[[], Any]) -> Any:
        """Do `work` and write down that it is done; what a former run did is only followed in the state."""
        # What the file has sent through `op.get_bind()` since the step before.
        self.connection.commit()
        self.position += 1
        self.digest = digest(self.digest, operations)
        if self.position <= self.progress.operations:
            if self.position == self.progress.operations and self.digest != self.progress.digest:
                raise self.changed()
            self.follow(*operations)
            return None
        self.busy = True
        try:
            if self.outside or any(map(needs_no_transaction, operations)):
                return self.run_outside(operations, work)
            return self.run_inside(work)
        finally:
            self.busy = False

    def run_inside(self, work: Callable[[], Any]) -> Any:
        """Do one step in a transaction of its own."""
        for attempt in count(1):
            before = self.state.copy()
            try:
                with self.connection.begin():
                    self.policy.apply(self.connection)
                    result = work()
                    self.note_done()
                    require_whole(self.connection, str(self.migration))
                return result
            except SQLAlchemyError as error:
                if not self.policy.allows(error, attempt):
                    raise
                self.state.become(before)
                self.tell(self.policy.say(attempt))
                await_only(asyncio.sleep(self.policy.pause(attempt)))
        raise AssertionError

    def run_outside(self, operations: Sequence[ops.MigrateOperation], work: Callable[[], Any]) -> Any:
        """Do one step in no transaction. Broken off, it may be done or not, so that is looked for."""
        again = self.progress.begun
        if not again:
            self.progress.begun = True
            with self.connection.begin():
                self.progress.save(self.connection)
        result = None
        with outside_transactions(self.connection):
            for operation in operations:
                sweep(self.connection, operation)
            if again and all(is_done(self.connection, operation) for operation in operations):
                self.follow(*operations)
            else:
                try:
                    result = work()
                except SQLAlchemyError:
                    with suppress(SQLAlchemyError):  # the first error is the one to tell
                        for operation in operations:
                            sweep(self.connection, operation)
                    raise
        with self.connection.begin():
            self.note_done()
        return result

    def note_done(self) -> None:
        """Write down that one more operation is done."""
        progress = self.progress
        progress.operations, progress.digest, progress.begun = self.position, self.digest, False
        progress.save(self.connection)

    def require_complete(self) -> None:
        """Raise when the file holds fewer operations than a former run has done."""
        if self.position < self.progress.operations:
            raise self.changed()

    def changed(self) -> FrameworkError:
        """Return the error for a file in which something else stands where a former run has been."""
        return MigrationFailed(
            f"{self.migration} was interrupted after {self.progress.operations} operation(s), and its file does not "
            f"begin with them any more.",
            hint=f"Let {self.migration.path} begin with the same operations again; correct only what follows them.",
            code="migrations.changed",
        )

    @property
    def connection(self) -> sa.Connection:
        """The connection that everything runs on."""
        bind = self.get_bind()
        assert isinstance(bind, sa.Connection)
        return bind


def digest(before: str, operations: Sequence[ops.MigrateOperation]) -> str:
    """Return what tells these operations, after those before, from others."""
    try:
        said = body(operations)[0]
    except FrameworkError:
        said = " ".join(type(operation).__name__ for operation in operations)  # a plugin's: cannot be written
    return hashlib.sha256(f"{before}\n{said}".encode()).hexdigest()
