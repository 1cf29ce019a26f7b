"""PostgreSQL's enum types come with the first column that needs them and go with the last."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

from framework.migrations.directives.enums import AlterEnumOp, schema_of, values_of

if TYPE_CHECKING:
    from framework.migrations.operations import StateOperations
    from framework.migrations.state import State

__all__ = ["brought", "enums_in", "following_types", "name_of"]

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


def types_of(state: "State") -> dict[Name, sa.Enum]:
    """Return the enum types that the tables of a state use."""
    columns = (column for table in state.tables.values() for column in table.columns.values())
    return {name_of(item): item for column in columns for item in enums_in(column.sa_type)}


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


@contextmanager
def following_types(operations: "StateOperations", changes: Iterable[ops.MigrateOperation]) -> Generator[None]:
    """Make the types that `changes` need, and drop those that no column has any more when they are done.

    SQLAlchemy makes one with a table alone, once for each table, and drops none.
    """
    if operations.migration_context.dialect.name != "postgresql":
        yield
        return
    known = types_of(operations.state)
    for type_ in (item for change in changes for item in brought(change)):
        if name_of(type_) not in known:
            create(operations, type_)
            known[name_of(type_)] = type_
    impl: Any = operations.impl
    # Where SQLAlchemy notes what it has made.
    impl.memo[f"pg_{postgresql.ENUM.__visit_name__}"] = set(known)
    yield
    left = types_of(operations.state)
    for name in known.keys() - left.keys():
        drop(operations, name)


def create(operations: "StateOperations", type_: sa.Enum) -> None:
    made = postgresql.ENUM(*values_of(type_), name=str(type_.name), schema=schema_of(type_))
    impl: Any = operations.impl
    if operations.migration_context.as_sql:
        impl.execute(postgresql.CreateEnumType(made))
    else:
        made.create(operations.get_bind(), checkfirst=True)


def drop(operations: "StateOperations", name: Name) -> None:
    impl: Any = operations.impl
    quote = operations.migration_context.dialect.identifier_preparer.quote
    impl.execute(f"DROP TYPE IF EXISTS {'.'.join(quote(part) for part in name if part)}")
