"""How Alembic's operations are written, alone or inside a `batch_alter_table` block."""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import singledispatch
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from framework.errors import CommandError
from framework.migrations.operations.alter_enum import AlterEnumOp
from framework.migrations.operations.fill_nulls import FillNullsOp
from framework.migrations.operations.renames import RenameConstraintOp, RenameIndexOp
from framework.migrations.operations.validation import UniqueFromIndexOp, ValidateConstraintOp
from framework.migrations.schema.reader import (
    CONCURRENTLY,
    generated_code,
    read_column,
    read_constraint,
    read_index,
    read_table,
)
from framework.migrations.schema.table import Check, Exclude, ForeignKey, PrimaryKey, Unique
from framework.migrations.source.code import Code, call, imports_of, literal, op, own_op, sequence
from framework.migrations.source.sql import server_default
from framework.migrations.source.types import type_code
from framework.migrations.writer.blocks import block_of, blocks
from framework.migrations.writer.layout import flat, layout
from framework.migrations.writer.tables import column_code, final, index_columns, keywords, names, optional, table_parts

__all__ = ["body"]

OWN = (AlterEnumOp, FillNullsOp, RenameConstraintOp, RenameIndexOp, UniqueFromIndexOp, ValidateConstraintOp)
INDEXES = (ops.CreateIndexOp, ops.DropIndexOp, RenameIndexOp)


def body(operations: Sequence[ops.MigrateOperation]) -> tuple[str, frozenset[str]]:
    """Return the lines of a function that carries out `operations`, and the imports they need."""
    lines: list[str] = []
    imports: frozenset[str] = frozenset()
    for place, members in blocks(operations):
        if place is None or all(isinstance(item, INDEXES) for item in members):
            codes = [code_of(item, batch=False) for item in members]
            lines.extend(layout(code.text, 4) for code in codes)
        else:
            opening = call(op("batch_alter_table"), literal(place.table), schema=optional(place.schema))
            lines.append(f"    with {flat(opening.text)} as batch_op:")
            codes = [code_of(item, batch=True) for item in members]
            lines.extend(layout(code.text, 8) for code in codes)
            imports |= opening.imports
        imports |= imports_of(codes)
    return "\n".join(lines or ["    pass"]), imports


def code_of(operation: ops.MigrateOperation, batch: bool) -> Code:
    """Return one operation as a call."""
    function, args, options = parts(operation)
    place = block_of(operation)
    function_of = own_op if isinstance(operation, OWN) else op
    if place is None:
        return call(function_of(function), *args, **options)
    if batch:
        return call(Code(f"batch_op.{function}", function_of(function).imports), *args, **options)
    table, schema = literal(place.table), optional(place.schema)
    if isinstance(operation, ops.DropIndexOp):
        return call(op(function), *args, **{"table_name": table, "schema": schema, **options})
    if isinstance(operation, OWN):
        return call(function_of(function), *args, table, **{"schema": schema, **options})
    first, *rest = args
    return call(op(function), first, table, *rest, **{"schema": schema, **options})


type Parts = tuple[str, list[Code], Mapping[str, Code | None]]


@singledispatch
def parts(operation: ops.MigrateOperation) -> Parts:
    """Return the function an operation calls, what it takes besides the table, and its options."""
    raise CommandError(
        f"{type(operation).__name__} cannot be written into a migration.",
        hint="Write that step by hand.",
        code="migrations.unwritable",
    )


@parts.register
def _(operation: ops.CreateTableOp) -> Parts:
    args, options = table_parts(read_table(operation.to_table(), ""))
    return "create_table", args, options


@parts.register
def _(operation: ops.DropTableOp) -> Parts:
    return "drop_table", [literal(operation.table_name)], {"schema": optional(operation.schema)}


@parts.register
def _(operation: ops.RenameTableOp) -> Parts:
    args = [literal(operation.table_name), literal(operation.new_table_name)]
    return "rename_table", args, {"schema": optional(operation.schema)}


@parts.register
def _(operation: ops.ExecuteSQLOp) -> Parts:
    return "execute", [literal(str(operation.sqltext))], {}


@parts.register
def _(operation: RenameIndexOp) -> Parts:
    return "rename_index", [literal(operation.old_name), literal(operation.new_name)], {}


@parts.register
def _(operation: RenameConstraintOp) -> Parts:
    return "rename_constraint", [literal(operation.old_name), literal(operation.new_name)], {}


@parts.register
def _(operation: FillNullsOp) -> Parts:
    value = operation.value.name if isinstance(operation.value, Enum) else operation.value
    args = [literal(operation.table_name), literal(operation.column_name), literal(value)]
    return "fill_nulls", [*args, type_code(operation.type_)], {"schema": optional(operation.schema)}


@parts.register
def _(operation: AlterEnumOp) -> Parts:
    options = {
        "existing_type": type_code(operation.existing_type),
        "type_": type_code(operation.modify_type),
        "moved": literal(operation.moved) if operation.moved else None,
        "also": literal(list(operation.also)) if operation.also else None,
        "schema": optional(operation.schema),
    }
    return "alter_enum", [literal(operation.table_name), literal(operation.column_name)], options


@parts.register
def _(operation: ops.AddColumnOp) -> Parts:
    return "add_column", [column_code(read_column(operation.column))], {}


@parts.register
def _(operation: ops.DropColumnOp) -> Parts:
    return "drop_column", [literal(operation.column_name)], {}


@parts.register
def _(operation: ops.AlterColumnOp) -> Parts:
    options: dict[str, Code | None] = {"new_column_name": optional(operation.modify_name)}
    if operation.modify_type is not None:
        options["type_"] = type_code(operation.modify_type)
        if operation.existing_type is not None:
            options["existing_type"] = type_code(operation.existing_type)
    options["nullable"] = optional(operation.modify_nullable)
    if operation.modify_server_default is not False:
        options["server_default"] = default_code(operation.modify_server_default)
    if operation.modify_comment is not False:
        options["comment"] = literal(operation.modify_comment)
    options |= {name: literal(value) for name, value in operation.kw.items() if name.startswith("postgresql_")}
    return "alter_column", [literal(operation.column_name)], options


def default_code(default: Any) -> Code:
    """Return a server default; `None` takes it away."""
    if default is None:
        return literal(None)
    if isinstance(default, sa.Identity | sa.Computed):
        return generated_code(default)
    written = server_default(default if isinstance(default, sa.DefaultClause) else sa.DefaultClause(default))
    assert written is not None
    return written


@parts.register
def _(operation: ops.AddConstraintOp) -> Parts:
    constraint = read_constraint(operation.to_constraint())
    assert constraint is not None
    name, options = literal(constraint.name), keywords(constraint.options)
    match constraint:
        case PrimaryKey(columns=columns):
            return "create_primary_key", [name, names(columns)], options
        case ForeignKey(columns=columns, target=target, target_columns=targets):
            schema, _, table = target.rpartition(".")
            options["referent_schema"] = literal(schema) if schema else None
            return "create_foreign_key", [name, literal(table), names(columns), names(targets)], options
        case Unique(columns=columns):
            return "create_unique_constraint", [name, names(columns)], options
        case Check(condition=condition):
            return "create_check_constraint", [final(name) or name, literal(condition)], options
        case Exclude(elements=elements):
            pairs = (sequence([code, literal(operator)], "()") for code, operator in elements)
            return "create_exclude_constraint", [name, *pairs], options


@parts.register
def _(operation: ops.DropConstraintOp) -> Parts:
    name = literal(operation.constraint_name)
    kind = optional(operation.constraint_type)
    return "drop_constraint", [(final(name) or name) if operation.constraint_type == "check" else name], {"type_": kind}


@parts.register
def _(operation: ops.CreateIndexOp) -> Parts:
    index = read_index(operation.to_index())
    options = {"unique": literal(True) if index.unique else None, **keywords(index.options)}
    return "create_index", [literal(index.name), index_columns(index)], options | how(operation)


@parts.register
def _(operation: ops.DropIndexOp) -> Parts:
    return "drop_index", [literal(operation.index_name)], how(operation)


def how(operation: ops.CreateIndexOp | ops.DropIndexOp) -> dict[str, Code | None]:
    """Return the option that is no part of the index itself."""
    return {CONCURRENTLY: literal(True)} if operation.kw.get(CONCURRENTLY) else {}


@parts.register
def _(operation: ValidateConstraintOp) -> Parts:
    args = [literal(operation.constraint_name), literal(operation.table_name)]
    return "validate_constraint", args, {"schema": optional(operation.schema)}


@parts.register
def _(operation: UniqueFromIndexOp) -> Parts:
    args = [literal(operation.constraint_name), literal(operation.table_name), names(operation.columns)]
    return "unique_constraint_from_index", args, {"schema": optional(operation.schema)}


@parts.register
def _(operation: ops.CreateTableCommentOp) -> Parts:
    return (
        "create_table_comment",
        [literal(operation.comment)],
        {"existing_comment": optional(operation.existing_comment)},
    )


@parts.register
def _(operation: ops.DropTableCommentOp) -> Parts:
    return "drop_table_comment", [], {"existing_comment": optional(operation.existing_comment)}
