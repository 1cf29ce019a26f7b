"""PostgreSQL's enum types come with the first column that needs them and go with the last."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.dialects import postgresql

from framework.migrations.operations.alter_enum import schema_of, values_of
from framework.migrations.operations.enum_types import Name, brought, enums_in, name_of

if TYPE_CHECKING:
    from framework.migrations.state.operations import StateOperations
    from framework.migrations.state.state import State

__all__ = ["following_types"]


def types_of(state: "State") -> dict[Name, sa.Enum]:
    """Return the enum types that the tables of a state use."""
    columns = (column for table in state.tables.values() for column in table.columns.values())
    return {name_of(item): item for column in columns for item in enums_in(column.sa_type)}


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
