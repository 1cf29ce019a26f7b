"""`op.rename_index()` and `op.rename_constraint()`."""

import re
from typing import Any

import sqlalchemy as sa
from alembic.operations import BatchOperations, Operations, ops

from framework.errors import CommandError

__all__ = ["RenameConstraintOp", "RenameIndexOp"]

NAME = re.compile(r"^(CREATE\s+(?:UNIQUE\s+)?INDEX\s+)(\"[^\"]+\"|\S+)", re.IGNORECASE)
"""How SQLite writes the beginning of an index down."""


class Rename(ops.MigrateOperation):
    """Something of a table gets another name."""

    def __init__(self, old_name: str, new_name: str, table_name: str, schema: str | None = None) -> None:
        self.old_name = old_name
        self.new_name = new_name
        self.table_name = table_name
        self.schema = schema

    def reverse(self) -> "Rename":
        """Return what gives the old name back."""
        return type(self)(self.new_name, self.old_name, self.table_name, self.schema)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return it as Alembic shows differences."""
        return (type(self).__name__, self.table_name, self.old_name, self.new_name)


@Operations.register_operation("rename_index")
@BatchOperations.register_operation("rename_index", "batch_rename_index")
class RenameIndexOp(Rename):
    """An index gets another name."""

    @classmethod
    def rename_index(
        cls, operations: Operations, old_name: str, new_name: str, table_name: str, schema: str | None = None
    ) -> None:
        """Rename an index of a table."""
        operations.invoke(cls(old_name, new_name, table_name, schema))

    @classmethod
    def batch_rename_index(cls, operations: BatchOperations, old_name: str, new_name: str) -> None:
        """Rename an index of the block's table."""
        impl = operations.impl
        operations.invoke(cls(old_name, new_name, impl.table_name, impl.schema))  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]  # a batch's own


@Operations.register_operation("rename_constraint")
@BatchOperations.register_operation("rename_constraint", "batch_rename_constraint")
class RenameConstraintOp(Rename):
    """A constraint gets another name."""

    @classmethod
    def rename_constraint(
        cls, operations: Operations, old_name: str, new_name: str, table_name: str, schema: str | None = None
    ) -> None:
        """Rename a constraint of a table. SQLite rebuilds the table for it."""
        operations.invoke(cls(old_name, new_name, table_name, schema))

    @classmethod
    def batch_rename_constraint(cls, operations: BatchOperations, old_name: str, new_name: str) -> None:
        """Rename a constraint of the block's table."""
        impl = operations.impl
        operations.invoke(cls(old_name, new_name, impl.table_name, impl.schema))  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]  # a batch's own


@Operations.implementation_for(RenameIndexOp)
def rename_index(operations: Operations, operation: RenameIndexOp) -> None:
    context = operations.migration_context
    quote = context.dialect.identifier_preparer.quote
    old, new = quote(operation.old_name), quote(operation.new_name)
    if context.dialect.name != "sqlite":
        schema = f"{quote(operation.schema)}." if operation.schema else ""
        context.impl.execute(f"ALTER INDEX {schema}{old} RENAME TO {new}")
        return
    # SQLite cannot rename one. What it keeps is the statement that made it.
    bind = operations.get_bind()
    found = bind.scalar(
        sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = :name"), {"name": operation.old_name}
    )
    if found is None:
        raise CommandError(f"There is no index {operation.old_name!r} to rename.", code="migrations.state")
    made = re.sub(
        r"(?is)^(CREATE\s+(?:UNIQUE\s+)?INDEX\s+)(\"[^\"]+\"|\S+)", lambda head: head[1] + new, found, count=1
    )
    bind.exec_driver_sql(f"DROP INDEX {old}")
    bind.exec_driver_sql(made)


@Operations.implementation_for(RenameConstraintOp)
def rename_constraint(operations: Operations, operation: RenameConstraintOp) -> None:
    context = operations.migration_context
    if context.dialect.name != "sqlite":
        quote = context.dialect.identifier_preparer.quote
        schema = f"{quote(operation.schema)}." if operation.schema else ""
        context.impl.execute(
            f"ALTER TABLE {schema}{quote(operation.table_name)} "
            f"RENAME CONSTRAINT {quote(operation.old_name)} TO {quote(operation.new_name)}"
        )
        return
    if isinstance(operations, BatchOperations):
        operations = Operations(context)  # Alembic's own run gives its block, which takes no other block in it
    table = sa.Table(operation.table_name, sa.MetaData(), autoload_with=operations.get_bind())
    for constraint in table.constraints:
        if constraint.name == operation.old_name:
            constraint.name = operation.new_name
    with operations.batch_alter_table(operation.table_name, copy_from=table, recreate="always"):
        pass
