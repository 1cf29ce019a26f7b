"""`op.validate_constraint()` and `op.unique_constraint_from_index()`: constraints for tables in use.

Both are PostgreSQL's. SQLite validates when it rebuilds a table, so the first does nothing there.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops

__all__ = ["NOT_VALID", "UniqueFromIndexOp", "ValidateConstraintOp"]

NOT_VALID = "postgresql_not_valid"


@Operations.register_operation("validate_constraint")
class ValidateConstraintOp(ops.MigrateOperation):
    """Look at the rows that a constraint added with `postgresql_not_valid=True` has not seen. Writing goes on."""

    def __init__(self, constraint_name: str, table_name: str, *, schema: str | None = None) -> None:
        self.constraint_name = constraint_name
        self.table_name = table_name
        self.schema = schema

    @classmethod
    def validate_constraint(
        cls, operations: Operations, constraint_name: str, table_name: str, *, schema: str | None = None
    ) -> None:
        """Validate a foreign key or check of a table."""
        operations.invoke(cls(constraint_name, table_name, schema=schema))


@Operations.register_operation("unique_constraint_from_index")
class UniqueFromIndexOp(ops.MigrateOperation):
    """Make a unique index, built CONCURRENTLY before, a unique constraint of the same name."""

    def __init__(
        self, constraint_name: str, table_name: str, columns: Sequence[str], *, schema: str | None = None
    ) -> None:
        self.constraint_name = constraint_name
        self.table_name = table_name
        self.columns = columns
        self.schema = schema

    @classmethod
    def unique_constraint_from_index(
        cls,
        operations: Operations,
        constraint_name: str,
        table_name: str,
        columns: Sequence[str],
        *,
        schema: str | None = None,
    ) -> None:
        """Make the unique index `constraint_name` over `columns` a constraint."""
        operations.invoke(cls(constraint_name, table_name, columns, schema=schema))

    @property
    def plain(self) -> Sequence[ops.MigrateOperation]:
        """What comes to the same where an index cannot be handed over."""
        return (
            ops.DropIndexOp(self.constraint_name, self.table_name, schema=self.schema),
            ops.CreateUniqueConstraintOp(self.constraint_name, self.table_name, self.columns, schema=self.schema),
        )


@Operations.implementation_for(ValidateConstraintOp)
def validate(operations: Operations, operation: ValidateConstraintOp) -> None:
    preparer: Any = operations.impl.dialect.identifier_preparer
    if operations.impl.dialect.name == "postgresql":
        operations.execute(f"ALTER TABLE {table(preparer, operation)} VALIDATE CONSTRAINT {name(preparer, operation)}")


@Operations.implementation_for(UniqueFromIndexOp)
def from_index(operations: Operations, operation: UniqueFromIndexOp) -> None:
    preparer: Any = operations.impl.dialect.identifier_preparer
    quoted = name(preparer, operation)
    operations.execute(f"ALTER TABLE {table(preparer, operation)} ADD CONSTRAINT {quoted} UNIQUE USING INDEX {quoted}")


def table(preparer: Any, operation: ValidateConstraintOp | UniqueFromIndexOp) -> str:
    return preparer.format_table(sa.table(operation.table_name, schema=operation.schema))


def name(preparer: Any, operation: ValidateConstraintOp | UniqueFromIndexOp) -> str:
    return preparer.quote(operation.constraint_name)
