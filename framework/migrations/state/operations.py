"""Alembic's operations as they change a state and nothing else."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from alembic.operations import BatchOperations, Operations, ops
from alembic.runtime.migration import MigrationContext

from framework.migrations.errors import StateError
from framework.migrations.schema.table import key_of
from framework.migrations.state.mutations import add_table, apply_operation
from framework.migrations.state.state import State

if TYPE_CHECKING:
    from framework.migrations.history.migration import Migration

__all__ = ["Batch", "StateOperations"]


class StateOperations(Operations):
    """What `op` is while a migration's file is replayed: every operation changes the state and nothing else."""

    def __init__(self, context: MigrationContext, state: State, migration: "Migration") -> None:
        super().__init__(context)
        self.state = state
        self.migration = migration
        # Alembic's own would commit the transaction.
        context.autocommit_block = self.autocommit_block
        self.recorded: list[ops.MigrateOperation] = []
        """The operations so far, in order: what checks of safety and squashing look at."""
        self.only: Literal["state", "database"] | None = None
        """The side that operations change, inside a block of `state_only()` or `database_only()`."""

    def invoke(self, operation: ops.MigrateOperation) -> Any:
        """Carry out one operation."""
        return self.note(operation)

    @contextmanager
    def batch_alter_table(  # pyright: ignore[reportIncompatibleMethodOverride]  # Alembic's others are in options
        self, table_name: str, schema: str | None = None, **options: Any
    ) -> Generator[BatchOperations]:
        """Collect the changes of one table and make them when the block ends."""
        batch = Batch(self, table_name, schema)
        yield batch
        self.alter(batch, options)

    def alter(self, batch: "Batch", options: dict[str, Any]) -> None:
        """Carry out what a block collected."""
        for operation in batch.collected:
            self.invoke(operation)

    @contextmanager
    def autocommit_block(self) -> Generator[None]:
        """Do nothing: a state knows no transactions."""
        yield

    @contextmanager
    def state_only(self) -> Generator[None]:
        """Change the state and not the database: other steps did, or will do, what the operations say."""
        with self.limited("state"):
            yield

    @contextmanager
    def database_only(self) -> Generator[None]:
        """Change the database and not the state: the models know nothing of it."""
        with self.limited("database"):
            yield

    @contextmanager
    def limited(self, side: Literal["state", "database"]) -> Generator[None]:
        """Change one side inside the block; a block within another is limited by both."""
        before, self.only = self.only, side
        if before not in (None, side):
            raise StateError("op.state_only() and op.database_only() are nested; nothing would be done.")
        try:
            yield
        finally:
            self.only = before

    def note(self, operation: ops.MigrateOperation) -> sa.Table | None:
        """Take one operation into the record and the state; return the table it makes, as Alembic does."""
        if self.only:
            setattr(operation, "only", self.only)  # noqa: B010 — a note of ours on Alembic's object
        self.recorded.append(operation)
        table = None
        if isinstance(operation, ops.CreateTableOp):
            table = operation.to_table()
            self.touch(() if self.only == "database" else add_table(operation, table, self.state, self.migration.app))
        elif self.only != "database":
            self.touch(apply_operation(operation, self.state, self.migration.app))
        return table

    def touch(self, keys: Iterable[str]) -> None:
        """Note that this migration had to do with some tables."""
        for key in keys:
            self.state.touch(key, self.migration.app, self.migration.revision)


class Batch(BatchOperations):
    """What `batch_op` is: it only collects."""

    def __init__(self, operations: Operations, table_name: str, schema: str | None) -> None:
        impl: Any = SimpleNamespace(table_name=table_name, schema=schema, dialect=operations.impl.dialect)
        super().__init__(operations.migration_context, impl=impl)
        self.collected: list[ops.MigrateOperation] = []
        self.key = key_of(table_name, schema)
        self.table_name = table_name
        self.schema = schema

    def invoke(self, operation: ops.MigrateOperation) -> Any:
        """Keep an operation for the end of the block."""
        self.collected.append(operation)
