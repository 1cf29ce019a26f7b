"""Which operations stand together in a `batch_alter_table` block."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from alembic.operations import ops

from framework.migrations.operations.alter_enum import AlterEnumOp
from framework.migrations.operations.fill_nulls import FillNullsOp
from framework.migrations.operations.tables import Place, place_of
from framework.migrations.operations.validation import UniqueFromIndexOp, ValidateConstraintOp

__all__ = ["block_of", "blocks"]

ALONE = (
    ops.CreateTableOp,
    ops.DropTableOp,
    ops.RenameTableOp,
    ops.ExecuteSQLOp,
    UniqueFromIndexOp,
    ValidateConstraintOp,
    AlterEnumOp,
    FillNullsOp,
)


def blocks(operations: Sequence[ops.MigrateOperation]) -> Iterator[tuple[Place | None, list[ops.MigrateOperation]]]:
    """Yield what stands together.

    A column that a block renames or adds is changed in the next one: Alembic makes SQLite's table once a block, looks
    columns up by the names they had before, and would copy the rows without the default they need.
    """
    for place, group in groupby(operations, key=block_of):
        waiting = [*group]
        while waiting:
            members: list[ops.MigrateOperation] = []
            later: list[ops.MigrateOperation] = []
            for operation in waiting:
                (later if must_wait(operation, members, later) else members).append(operation)
            yield place, members
            waiting = later


def must_wait(
    operation: ops.MigrateOperation, members: Sequence[ops.MigrateOperation], later: Sequence[ops.MigrateOperation]
) -> bool:
    """Tell whether an operation belongs in a later block; new columns come together, so that two blocks are enough."""
    if isinstance(operation, ops.AddColumnOp):
        return not all(map(is_no_obstacle, later)) or operation.column.name in old(later)
    return bool(later) or operation_column(operation) in new(members)


def is_no_obstacle(operation: ops.MigrateOperation) -> bool:
    """Tell whether a new column may come before an operation, because it ends no type and frees no name."""
    if isinstance(operation, ops.AlterColumnOp):
        return operation.modify_type is None and operation.modify_name is None
    return isinstance(operation, ops.AddConstraintOp | ops.CreateIndexOp)


def operation_column(operation: ops.MigrateOperation) -> str | None:
    """Return the column that an operation changes or drops, by the name it has before."""
    return operation.column_name if isinstance(operation, ops.AlterColumnOp | ops.DropColumnOp) else None


def old(members: Sequence[ops.MigrateOperation]) -> set[str | None]:
    """Return the columns that a block changes or drops."""
    return set(map(operation_column, members))


def new(members: Sequence[ops.MigrateOperation]) -> set[str | None]:
    """Return the columns whose names appear in a block."""
    added = {item.column.name for item in members if isinstance(item, ops.AddColumnOp)}
    renamed = {item.modify_name for item in members if isinstance(item, ops.AlterColumnOp)}
    return (added | renamed) - {None}


def block_of(operation: ops.MigrateOperation) -> Place | None:
    """Return the table whose block an operation belongs in, or `None` where it stands alone."""
    return None if isinstance(operation, ALONE) else place_of(operation)
