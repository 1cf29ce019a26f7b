"""What operations do, in Django's words, told from the operations alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from alembic.operations import ops

from framework.migrations.operations.alter_enum import AlterEnumOp
from framework.migrations.operations.fill_nulls import FillNullsOp
from framework.migrations.operations.renames import RenameConstraintOp, RenameIndexOp
from framework.migrations.operations.tables import place_of
from framework.migrations.operations.validation import UniqueFromIndexOp, ValidateConstraintOp
from framework.migrations.schema.reader import read_index
from framework.migrations.schema.table import Table, key_of

__all__ = ["describe"]


def describe(operation: ops.MigrateOperation, tables: Mapping[str, Table], app: str) -> str:
    """Return what an operation does, with its sign: `+ Add field slug to post`.

    `tables` are those before it, which know the names of their models.
    """
    any_operation: Any = operation  # what the classes hold goes by different names
    place = place_of(operation)
    label = label_of(*place, tables, app) if place else ""
    model = label.lower()
    match operation:
        case ops.CreateTableOp():
            return f"+ Create model {label}"
        case ops.DropTableOp():
            return f"- Delete model {label}"
        case ops.RenameTableOp(new_table_name=new, schema=schema):
            return f"~ Rename model {label} to {label_of(new, schema, {}, app)}"
        case ops.AddColumnOp(column=column):
            return f"+ Add field {column.name} to {model}"
        case ops.DropColumnOp(column_name=name):
            return f"- Remove field {name} from {model}"
        case AlterEnumOp(column_name=name):
            return f"~ Alter field {name} on {model}"
        case ops.AlterColumnOp(column_name=name, modify_name=new) if new:
            return f"~ Rename field {name} on {model} to {new}"
        case ops.AlterColumnOp(column_name=name):
            return f"~ Alter field {name} on {model}"
        case ops.CreateIndexOp(index_name=name):
            columns = read_index(operation.to_index()).columns
            return f"+ Create index {name} on field(s) {', '.join(columns)} of model {model}"
        case ops.DropIndexOp(index_name=name):
            return f"- Remove index {name} from {model}" if model else f"- Remove index {name}"
        case RenameIndexOp(old_name=old, new_name=new):
            return f"~ Rename index {old} on {model} to {new}"
        case RenameConstraintOp(old_name=old, new_name=new):
            return f"~ Rename constraint {old} on {model} to {new}"
        case UniqueFromIndexOp(constraint_name=name):
            return f"+ Create constraint {name} on model {model}"
        case ValidateConstraintOp(constraint_name=name):
            return f"~ Validate constraint {name} on model {model}"
        case ops.AddConstraintOp():
            return f"+ Create constraint {any_operation.constraint_name} on model {model}"
        case ops.DropConstraintOp(constraint_name=name):
            return f"- Remove constraint {name} from model {model}"
        case ops.CreateTableCommentOp(comment=comment):
            return f"~ Alter table comment for {model} to {comment}"
        case ops.DropTableCommentOp():
            return f"~ Alter table comment for {model} to None"
        case FillNullsOp(column_name=name):
            return f"~ Fill field {name} of {model}"
        case ops.ExecuteSQLOp():
            return "s Raw SQL operation"
        case ops.BulkInsertOp():
            return "+ Insert rows"
        case _:
            return f"? {type(operation).__name__.removesuffix('Op')}"


def label_of(table: str, schema: str | None, tables: Mapping[str, Table], app: str) -> str:
    known = tables.get(key_of(table, schema))
    return (known or Table(table, app, {}, (), (), schema)).label


def describe_all(operations: Sequence[ops.MigrateOperation], tables: Mapping[str, Table], app: str) -> list[str]:
    """Return what several operations do."""
    return [describe(operation, tables, app) for operation in operations]
