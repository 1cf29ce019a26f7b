"""Tables as a database would tell them back: made where nobody sees them, read, and gone again.

A database writes defaults, conditions and types its own way. What it holds can only be compared with what migrations
say after it has written that, too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from framework.migrations.inspection.reflect import reflect
from framework.migrations.schema.builder import build_metadata
from framework.migrations.schema.table import Column, Constraint, ForeignKey, Table

__all__ = ["told_back"]


def told_back(connection: sa.Connection, tables: Mapping[str, Table]) -> dict[str, Table]:
    """Return `tables` the way the database behind `connection` tells them.

    Names, foreign keys and apps are the tables' own. The connection has to be in a transaction; nothing stays of it.
    """
    names = dict(zip(tables, scratch_names(tables.values()), strict=True))
    made = [plain(table, names[key]) for key, table in tables.items()]
    read = in_memory(made) if connection.dialect.name == "sqlite" else in_temporary_schema(connection, made)
    return {key: as_known(table, read[names[key]]) for key, table in tables.items()}


def scratch_names(tables: Iterable[Table]) -> list[str]:
    """Return names without schemas; constraints without a name get theirs from the table's, so it stays if it can."""
    return [table.name if table.schema is None else f"scratch_{place}" for place, table in enumerate(tables)]


def plain(table: Table, name: str) -> Table:
    """Return a table that can be made alone and anywhere."""
    constraints = [item for item in table.constraints if not isinstance(item, ForeignKey)]
    options = {option: value for option, value in table.sa_options.items() if option != "prefixes"}
    columns = {column.name: replace(column, sa_type=anywhere(column.sa_type)) for column in table.columns.values()}
    # Whether a key counts up hangs on whether it points elsewhere, and the pointing is left out.
    pointing = {column for item in table.foreign_keys for column in item.columns}
    columns |= {column: not_counting(columns[column]) for column in pointing & set(columns)}
    return replace(table, name=name, schema=None, columns=columns, constraints=tuple(constraints), sa_options=options)


def not_counting(column: Column) -> Column:
    if "autoincrement" in column.sa_options:
        return column
    return replace(column, sa_options={**column.sa_options, "autoincrement": False})


def anywhere(type_: TypeEngine[Any] | None) -> TypeEngine[Any] | None:
    """Return an enumeration without its schema; other types are what they are."""
    if isinstance(type_, sa.Enum) and getattr(type_, "schema", None):
        return sa.Enum(*type_.enums, name=type_.name, native_enum=type_.native_enum)
    return type_


def in_memory(tables: Iterable[Table]) -> dict[str, Table]:
    """Make tables in an SQLite database of their own and read them."""
    engine = sa.create_engine("sqlite://")
    try:
        with engine.connect() as connection:
            build_metadata(tables).create_all(connection)
            return reflect(connection).tables
    finally:
        engine.dispose()


def in_temporary_schema(connection: sa.Connection, tables: Iterable[Table]) -> dict[str, Table]:
    """Make temporary tables on PostgreSQL and read them: that takes no right but to connect, and locks nothing."""
    from framework.migrations.inspection.postgresql import Schema

    savepoint = connection.begin_nested()
    try:
        path = "SELECT set_config('search_path', 'pg_temp, ' || current_setting('search_path'), true)"
        connection.execute(sa.text(path))
        connection.execute(sa.text("CREATE TEMPORARY TABLE framework_scratch ()"))  # makes the schema
        schema = "SELECT nspname::text FROM pg_namespace WHERE oid = pg_my_temp_schema()"
        name = connection.execute(sa.text(schema)).scalar_one()
        build_metadata(tables).create_all(connection, checkfirst=False)
        return Schema(connection, name, None).read().tables
    finally:
        savepoint.rollback()


def as_known(table: Table, read: Table) -> Table:
    """Return what was read under the table's own name, with its foreign keys and without names it does not give."""
    said = {item.name for item in table.constraints}

    def unnamed(item: Constraint) -> Constraint:
        return item if item.name in said else replace(item, name=None)

    constraints = (*(map(unnamed, read.constraints)), *table.foreign_keys)
    return replace(
        read, name=table.name, schema=table.schema, app=table.app, model=table.model, constraints=constraints
    )
