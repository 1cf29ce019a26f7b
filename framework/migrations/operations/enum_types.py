"""The enum types of PostgreSQL's that operations need."""

from collections.abc import Iterator
from typing import Any, cast

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.types import TypeDecorator

from framework.migrations.operations.alter_enum import AlterEnumOp, schema_of

__all__ = ["Name", "brought", "enums_in", "name_of"]

type Name = tuple[str | None, str]


def enums_in(type_: Any) -> Iterator[sa.Enum]:
    """Yield the enum types that PostgreSQL keeps for a column's type and that are not made by hand."""
    variant = type_._variant_mapping.get("postgresql") if type_ is not None else None
    if variant is not None:
        yield from enums_in(variant)
    elif isinstance(type_, TypeDecorator):
        yield from enums_in(cast("TypeDecorator[Any]", type_).impl_instance)
    elif isinstance(type_, sa.ARRAY):
        yield from enums_in(cast("sa.ARRAY[Any]", type_).item_type)
    elif isinstance(type_, sa.Enum) and type_.native_enum and getattr(type_, "create_type", True):
        yield type_


def name_of(type_: sa.Enum) -> Name:
    """Return the schema and the name that PostgreSQL knows an enum type by."""
    return schema_of(type_), str(type_.name)


def brought(operation: ops.MigrateOperation) -> Iterator[sa.Enum]:
    """Yield the enum types that an operation needs."""
    match operation:
        case AlterEnumOp():
            return
        case ops.CreateTableOp(columns=columns):
            for column in columns:
                if isinstance(column, sa.Column):
                    yield from enums_in(cast("sa.Column[Any]", column).type)
        case ops.AddColumnOp(column=column):
            yield from enums_in(column.type)
        case ops.AlterColumnOp(modify_type=type_):
            yield from enums_in(type_)
        case _:
            return
