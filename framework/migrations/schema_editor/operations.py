"""Alembic's operations as they change a database, with a state that follows."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops

from framework.migrations.errors import MigrationFailed, StateError
from framework.migrations.operations.renames import RenameConstraintOp, RenameIndexOp
from framework.migrations.operations.tables import place_of
from framework.migrations.operations.transactions import forbidden, needs_no_transaction
from framework.migrations.operations.validation import UniqueFromIndexOp, ValidateConstraintOp
from framework.migrations.schema.builder import build_table
from framework.migrations.schema.reader import is_bare
from framework.migrations.schema.table import Table, key_of
from framework.migrations.schema_editor.batches import is_plain, is_rename, rebuilds, runs, typed_runs
from framework.migrations.schema_editor.conversion import convert
from framework.migrations.schema_editor.enums import following_types
from framework.migrations.schema_editor.validity import as_far_as_valid, changes_now
from framework.migrations.state.operations import Batch, StateOperations

__all__ = ["LiveOperations"]


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
