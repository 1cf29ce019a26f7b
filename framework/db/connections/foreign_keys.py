"""Which foreign key a statement broke. SQLite says only that one did; the rows at hand say which."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Delete, ForeignKeyConstraint, Select, Table, and_, exists, literal, select
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import SQLModel

__all__ = ["Broken", "broken_key", "written_table"]


LETS_GO = ("CASCADE", "SET NULL", "SET DEFAULT")
"""What `ondelete` says of keys that keep no row from being deleted."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A foreign key, and whether the row it points to was to go (or the row that points was to come)."""

    key: ForeignKeyConstraint
    in_use: bool


def broken_key(context: ExceptionContext) -> Broken | None:
    """Return the foreign key that the failed statement, or the commit, broke on SQLite; `None` when it stays unknown.

    The failed statement left no trace, and its transaction is still open: a few look-ups by key tell.
    """
    connection, execution = context.connection, cast("Any", context.execution_context)
    if connection is None:
        return None
    if execution is None:
        return broken_at_commit(connection)
    if (table := written_table(context)) is None:
        return None
    statement, rows = execution.compiled.statement, execution.compiled_parameters
    if isinstance(statement, Delete):
        return next(still_used(connection, statement, table, rows), None)
    return next(pointing_nowhere(connection, table, rows), None)


def written_table(context: ExceptionContext) -> Table | None:
    """Return the table the failed statement writes to, or `None` when it was plain text."""
    compiled: Any = getattr(context.execution_context, "compiled", None)
    table: Any = getattr(getattr(compiled, "statement", None), "table", None)
    # The statement of a model holds an annotated copy of its table.
    return table.metadata.tables.get(table.key) if isinstance(table, Table) else None


def pointing_nowhere(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> Iterator[Broken]:
    """Yield the keys of `table` whose new values are not there."""
    for key in table.foreign_key_constraints:
        for row in rows:
            for values in written(key, row):
                there = and_(*(element.column == values[element.parent.name] for element in key.elements))
                if ask(connection, select(exists().where(there)), {}) is False:
                    yield Broken(key, in_use=False)


def written(key: ForeignKeyConstraint, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a statement's parameters hold for a key's columns; `values([...])` numbers them `name_m0`, …."""
    for suffix in ("", *sorted({found.group() for name in row if (found := re.search(r"_m\d+$", name))})):
        names = {element.parent.name: f"{element.parent.key}{suffix}" for element in key.elements}
        if all(row.get(name) is not None for name in names.values()):
            yield {column: row[name] for column, name in names.items()}


def still_used(connection: Connection, statement: Delete, table: Table, rows: list[dict[str, Any]]) -> Iterator[Broken]:
    """Yield the keys by which other rows point to those that were to be deleted."""
    for key in (key for other in SQLModel.metadata.tables.values() for key in other.foreign_key_constraints):
        if key.referred_table is not table or (key.ondelete or "").upper() in LETS_GO:
            continue
        child = key.table.alias()  # a table may point to itself
        joined = and_(*(child.c[element.parent.name] == element.column for element in key.elements))
        query = select(literal(1)).select_from(table.join(child, joined)).limit(1)
        if statement.whereclause is not None:
            query = query.where(statement.whereclause)
        if any(ask(connection, query, row) for row in rows or [{}]):
            yield Broken(key, in_use=True)


def ask(connection: Connection, query: Select[Any], values: dict[str, Any]) -> Any:
    """Return the query's answer, or `None` when it has none: the table may belong to another project."""
    try:
        return connection.scalar(query, values)
    except SQLAlchemyError:
        return None


def broken_at_commit(connection: Connection) -> Broken | None:
    """Return the deferred key that a commit found broken; SQLite leaves the transaction open and lists them."""
    found = connection.exec_driver_sql('SELECT "table", fkid FROM pragma_foreign_key_check LIMIT 1').first()
    if found is None:
        return None
    name, number = found
    columns = connection.exec_driver_sql('SELECT "from" FROM pragma_foreign_key_list(?) WHERE id = ?', (name, number))
    wanted = set(columns.scalars())
    table = SQLModel.metadata.tables.get(name)
    for key in table.foreign_key_constraints if table is not None else ():
        if {column.name for column in key.columns} == wanted:
            return Broken(key, in_use=False)
    return None
