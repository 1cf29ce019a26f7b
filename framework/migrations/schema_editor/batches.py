"""Which changes of a table are made together: SQLite rebuilds it for some, PostgreSQL makes types between them."""

from collections.abc import Iterable, Iterator
from copy import copy

from alembic.operations import ops

from framework.migrations.operations.alter_enum import AlterEnumOp
from framework.migrations.operations.enum_types import brought
from framework.migrations.operations.renames import RenameConstraintOp, RenameIndexOp
from framework.migrations.schema.reader import is_bare

__all__ = ["is_plain", "is_rename", "rebuilds", "runs", "typed_runs"]

MAY_REBUILD = (ops.AlterColumnOp, ops.AddColumnOp, ops.DropColumnOp, ops.AddConstraintOp, ops.DropConstraintOp)
"""What SQLite's ALTER TABLE may lack."""


def rebuilds(operation: ops.MigrateOperation) -> bool:
    """Tell whether SQLite has to rebuild the table for an operation."""
    # An enum's change is made of steps that go through here themselves.
    return isinstance(operation, MAY_REBUILD) and not isinstance(operation, AlterEnumOp) and not is_plain(operation)


def is_plain(operation: ops.MigrateOperation) -> bool:
    """Tell whether SQLite's own ALTER TABLE does it: adding a column with nothing on it that may be NULL."""
    if not isinstance(operation, ops.AddColumnOp):
        return False
    column = operation.column
    return bool(column.nullable) and column.server_default is None and is_bare(column)


def is_rename(operation: ops.MigrateOperation) -> bool:
    """Tell whether an operation gives a column another name."""
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
