"""Constraints that hold for new rows only, PostgreSQL's NOT VALID: SQLite does without until they hold for all."""

from collections.abc import Iterable
from dataclasses import replace

from alembic.operations import ops

from framework.migrations.operations.validation import NOT_VALID
from framework.migrations.schema.table import Constraint, Table

__all__ = ["as_far_as_valid", "changes_now", "is_valid"]


def is_valid(constraint: Constraint) -> bool:
    """Tell whether a constraint holds for all rows."""
    return NOT_VALID not in dict(constraint.options)


def as_far_as_valid(table: Table) -> Table:
    """Return a table without the constraints that rows may not meet yet."""
    return replace(table, constraints=tuple(filter(is_valid, table.constraints)))


def changes_now(operations: Iterable[ops.MigrateOperation], table: Table | None) -> list[ops.MigrateOperation]:
    """Return the operations without those about constraints that do not hold yet."""
    known = () if table is None else table.constraints
    waiting = {item.name for item in known if not is_valid(item)}

    def is_due(operation: ops.MigrateOperation) -> bool:
        if isinstance(operation, ops.DropConstraintOp):
            return str(operation.constraint_name) not in waiting
        return not (isinstance(operation, ops.AddConstraintOp) and getattr(operation, "kw", {}).get(NOT_VALID))

    return [operation for operation in operations if is_due(operation)]
