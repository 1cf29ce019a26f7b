"""Alembic's operations with a state beside them: replayed on the state alone, or run on a database too."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from alembic.operations import BatchOperations, Operations, ops
from alembic.runtime.migration import MigrationContext

from framework.migrations.apply import add_table, apply_operation
from framework.migrations.concurrency import forbidden, needs_no_transaction
from framework.migrations.conversion import convert
from framework.migrations.directives import (
    AlterEnumOp,
    RenameConstraintOp,
    RenameIndexOp,
    UniqueFromIndexOp,
    ValidateConstraintOp,
)
from framework.migrations.enumtypes import brought, following_types
from framework.migrations.errors import MigrationFailed, StateError
from framework.migrations.operand import place_of
from framework.migrations.schema.builder import build_table
from framework.migrations.schema.reader import is_bare
from framework.migrations.schema.table import Table, key_of
from framework.migrations.state import State
from framework.migrations.unvalidated import as_far_as_valid, changes_now

if TYPE_CHECKING:
    from framework.migrations.history.graph import Migration

__all__ = ["Batch", "LiveOperations", "StateOperations"]

MAY_REBUILD = (ops.AlterColumnOp, ops.AddColumnOp, ops.DropColumnOp, ops.AddConstraintOp, ops.DropConstraintOp)
"""What SQLite's ALTER TABLE may lack."""


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
            raise StateError("op.state_only() and op.database_only() stand inside each other; nothing would be done.")
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


class LiveOperations(StateOperations):
    """What `op` is while a migration runs on a database."""

    def invoke(self, operation: ops.MigrateOperation) -> Any:
        """Carry out one operation on the database; SQLite gets what its ALTER TABLE cannot by rebuilding the table."""
        if self.only == "state":
            return StateOperations.invoke(self, operation)
        if self.migration.transactional and needs_no_transaction(operation):
            raise forbidden(self.migration, operation)
        if self.sqlite and isinstance(operation, ops.CreateTableCommentOp | ops.DropTableCommentOp):
            return None  # it has none
        if self.sqlite and isinstance(operation, UniqueFromIndexOp):
            return [self.invoke(item) for item in operation.plain]
        if self.sqlite and isinstance(operation, ValidateConstraintOp):
            self.follow(operation)
            batch = Batch(self, operation.table_name, operation.schema)
            return self.rebuild(batch, [], {"recreate": "always"}, self.state.tables.get(batch.key))
        if self.sqlite and rebuilds(operation) and (place := place_of(operation)):
            with self.batch_alter_table(*place) as batch:
                batch.invoke(operation)
            return None
        with following_types(self, [operation]):
            result = self.change(operation)
            self.follow(operation)
        return result

    def change(self, operation: ops.MigrateOperation) -> Any:
        """Let Alembic change the database."""
        if isinstance(operation, ops.AddColumnOp) and is_bare(operation.column) and operation.column.comment is None:
            # Alembic would build a table to look for keys and indexes, which takes longer than all the rest.
            impl: Any = self.impl
            places = {"schema": operation.schema, "if_not_exists": operation.if_not_exists}
            return impl.add_column(operation.table_name, operation.column, **places, **operation.kw)
        return Operations.invoke(self, operation)

    @contextmanager
    def autocommit_block(self) -> Generator[None]:
        """Refuse: what stands before it would be kept, whatever comes after."""
        raise MigrationFailed(
            f"{self.migration} runs in one transaction; autocommit_block() would end it.",
            hint=f"Write `transactional = False` into {self.migration.path}.",
            code="migrations.transaction",
        )
        yield

    def alter(self, batch: "Batch", options: dict[str, Any]) -> None:
        """Carry out what a block collected."""
        if self.only == "state":
            StateOperations.alter(self, batch, options)
        elif not self.sqlite:
            for run in typed_runs(batch.collected):
                with following_types(self, run):
                    for operation in run:
                        Operations.invoke(self, operation)
                    self.follow(*run)
        else:
            for run in runs(batch.collected):
                self.carry_out(batch, run, options)
                self.follow(*run)

    def carry_out(self, batch: "Batch", run: list[ops.MigrateOperation], options: dict[str, Any]) -> None:
        """Make some changes of one table of SQLite's."""
        if is_rename(run[0]) or isinstance(run[0], RenameIndexOp):
            # SQLite's own RENAME COLUMN renames it in other tables' foreign keys, in triggers and views too.
            Operations.invoke(self, run[0])
        elif all(map(is_plain, run)) and options.get("recreate", "auto") != "always":
            for operation in run:
                self.change(operation)
        elif (table := self.state.tables.get(batch.key)) and isinstance(run[0], RenameConstraintOp):
            renames = {item.old_name: item.new_name for item in run if isinstance(item, RenameConstraintOp)}
            renamed = table.map_constraints(lambda item: replace(item, name=renames.get(str(item.name), item.name)))
            self.rebuild(batch, [], {"recreate": "always", **options}, renamed)
        else:
            now = changes_now(run, table)
            if any(isinstance(item, ops.DropConstraintOp) and item not in now for item in run):
                options = {"recreate": "always", **options}  # without it, in case it stands after all
            self.rebuild(batch, now, options, table)

    def rebuild(
        self, batch: "Batch", run: list[ops.MigrateOperation], options: dict[str, Any], known: Table | None
    ) -> None:
        """Make a new table, copy the rows, and put it in the old one's place."""
        bind = self.get_bind()
        table = self.built(batch, known)
        if table is not None:
            options = {"copy_from": table, **options}
        impl: Any = self.impl
        impl.cast_for_batch_migrate = convert
        # Without it, the rename at the end fails where a view reads the table.
        bind.exec_driver_sql("PRAGMA legacy_alter_table=ON")
        try:
            with Operations.batch_alter_table(self, batch.table_name, batch.schema, **options) as real:
                for operation in run:
                    real.invoke(operation)
        finally:
            bind.exec_driver_sql("PRAGMA legacy_alter_table=OFF")

    def built(self, batch: "Batch", table: Table | None) -> sa.Table | None:
        """Return the table from the state, which keeps what SQLite forgets; `None` if the database has another one."""
        real = {row[1] for row in self.get_bind().exec_driver_sql(f"PRAGMA table_xinfo({batch.table_name!r})")}
        if table is None or set(table.columns) != real:
            return None
        return build_table(as_far_as_valid(table), sa.MetaData())

    def follow(self, *operations: ops.MigrateOperation) -> None:
        """Let the state follow the database; what it cannot know any more it forgets."""
        for operation in operations:
            try:
                self.note(operation)
            except StateError:
                if place := place_of(operation):
                    self.state.tables.pop(key_of(*place), None)

    @property
    def sqlite(self) -> bool:
        """Whether the database is SQLite."""
        return self.migration_context.dialect.name == "sqlite"


def rebuilds(operation: ops.MigrateOperation) -> bool:
    # An enum's change is made of steps that go through here themselves.
    return isinstance(operation, MAY_REBUILD) and not isinstance(operation, AlterEnumOp) and not is_plain(operation)


def is_plain(operation: ops.MigrateOperation) -> bool:
    """Tell whether SQLite's own ALTER TABLE does it: adding a column with nothing on it that may be NULL."""
    if not isinstance(operation, ops.AddColumnOp):
        return False
    column = operation.column
    return bool(column.nullable) and column.server_default is None and is_bare(column)


def is_rename(operation: ops.MigrateOperation) -> bool:
    return isinstance(operation, ops.AlterColumnOp) and bool(operation.modify_name)


def runs(operations: Iterable[ops.MigrateOperation]) -> Iterator[list[ops.MigrateOperation]]:
    """Split operations at the renames, each of which stands alone, and before a column just added is altered.

    A rebuild makes only the table that comes out at the end: a default that served the rows must have stood before.
    """
    run: list[ops.MigrateOperation] = []
    for operation in operations:
        if isinstance(operation, ops.AlterColumnOp) and operation.modify_name:
            if run:
                yield run
            rename, rest = split(operation)
            yield [rename]
            run = [rest] if rest is not None else []
            continue
        if run and (alters_added(operation, run) or kind(operation) != kind(run[-1])):
            yield run
            run = []
        run.append(operation)
    if run:
        yield run


def typed_runs(operations: Iterable[ops.MigrateOperation]) -> Iterator[list[ops.MigrateOperation]]:
    """Split operations before those that need an enum type: what went before may have been the end of an older one."""
    run: list[ops.MigrateOperation] = []
    for operation in operations:
        if run and any(brought(operation)):
            yield run
            run = []
        run.append(operation)
    if run:
        yield run


def kind(operation: ops.MigrateOperation) -> object:
    """Return what must not share a rebuild with others: each index's name, and those of constraints together."""
    if isinstance(operation, RenameIndexOp):
        return operation
    return isinstance(operation, RenameConstraintOp)


def alters_added(operation: ops.MigrateOperation, run: Iterable[ops.MigrateOperation]) -> bool:
    added = {item.column.name for item in run if isinstance(item, ops.AddColumnOp)}
    return isinstance(operation, ops.AlterColumnOp) and operation.column_name in added


def split(operation: ops.AlterColumnOp) -> tuple[ops.AlterColumnOp, ops.AlterColumnOp | None]:
    """Split an operation that renames and changes a column into one for each."""
    rename = ops.AlterColumnOp(
        operation.table_name, operation.column_name, schema=operation.schema, modify_name=operation.modify_name
    )
    rest = copy(operation)
    rest.column_name, rest.modify_name = str(operation.modify_name), None
    changes = rest.modify_nullable is not None or rest.modify_type is not None
    changes = changes or rest.modify_server_default is not False or rest.modify_comment is not False
    return rename, rest if changes else None
