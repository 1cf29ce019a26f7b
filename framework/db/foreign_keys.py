"""Which foreign key a statement broke. SQLite says only that one did; the rows at hand say which."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Delete, ForeignKeyConstraint, Table, and_, exists, literal, select
from sqlalchemy.engine import ExceptionContext
from sqlmodel import SQLModel

__all__ = ["Broken", "broken_key"]


@dataclass(frozen=True, slots=True)
class Broken:
    """A foreign key, and whether the row it points to was to go (or the row that points was to come)."""

    key: ForeignKeyConstraint
    in_use: bool


def broken_key(context: ExceptionContext) -> Broken | None:
    """Return the foreign key that the failed statement, or the commit, broke on SQLite; `None` when it stays unknown.

    The failed statement left no trace, and its transaction is still open: a few look-ups by key tell.
    """
    connection = context.connection
    if connection is None:
        return None
    connection = connection.execution_options(skip_user_error_events=True)
    execution: Any = context.execution_context
    if execution is None:
        return broken_at_commit(connection)
    statement = getattr(execution.compiled, "statement", None)
    table = getattr(statement, "table", None)
    if not isinstance(table, Table):
        return None
    rows: list[dict[str, Any]] = execution.compiled_parameters
    if isinstance(statement, Delete):
        return first(still_used(connection, statement, table, rows))
    return first(pointing_nowhere(connection, table, rows))


def first(found: Iterator[Broken]) -> Broken | None:
    return next(found, None)


def pointing_nowhere(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> Iterator[Broken]:
    """Yield the keys of `table` whose new values are not there."""
    for key in table.foreign_key_constraints:
        for row in rows:
            for values in written(key, row):
                there = and_(*(element.column == values[element.parent.name] for element in key.elements))
                if connection.scalar(select(exists().where(there))) == 0:
                    yield Broken(key, in_use=False)


def written(key: ForeignKeyConstraint, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a statement's parameters hold for a key's columns; `values([...])` numbers them `name_m0`, `name_m1`."""
    for suffix in ("", *sorted({found.group() for name in row if (found := re.search(r"_m\d+$", name))})):
        names = {element.parent.name: f"{element.parent.key}{suffix}" for element in key.elements}
        if all(row.get(name) is not None for name in names.values()):
            yield {column: row[name] for column, name in names.items()}


def still_used(connection: Connection, statement: Delete, table: Table, rows: list[dict[str, Any]]) -> Iterator[Broken]:
    """Yield the keys by which other rows point to those that were to be deleted."""
    for other in SQLModel.metadata.tables.values():
        for key in other.foreign_key_constraints:
            if key.referred_table is not table or (key.ondelete or "").upper() in (
                "CASCADE",
                "SET NULL",
                "SET DEFAULT",
            ):
                continue
            child = other.alias() if other is table else other
            joined = and_(*(child.c[element.parent.name] == element.column for element in key.elements))
            query = select(literal(1)).select_from(table.join(child, joined)).limit(1)
            if statement.whereclause is not None:
                query = query.where(statement.whereclause)
            if any(connection.scalar(query, row) for row in rows or [{}]):
                yield Broken(key, in_use=True)


def broken_at_commit(connection: Connection) -> Broken | None:
    """Return the deferred key that a commit found broken; SQLite leaves the transaction open and lists them."""
    found = connection.exec_driver_sql('SELECT "table", fkid FROM pragma_foreign_key_check LIMIT 1').first()
    if found is None:
        return None
    name, number = found
    columns = connection.exec_driver_sql('SELECT "from" FROM pragma_foreign_key_list(?) WHERE id = ?', (name, number))
    wanted = set(columns.scalars())
    for key in SQLModel.metadata.tables[name].foreign_key_constraints if name in SQLModel.metadata.tables else ():
        if {column.name for column in key.columns} == wanted:
            return Broken(key, in_use=False)
    return None
