"""Insert unless it is there: one statement, safe however many do it at once."""

from typing import Any

from sqlalchemy import ColumnElement, UniqueConstraint, and_, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from framework.db.mapping.columns import mapper_of
from framework.db.mapping.labels import path_of
from framework.db.mapping.lookup import table_of
from framework.errors import FrameworkError

__all__ = ["insert_unless_there", "same_key"]

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_unless_there(dialect: str, row: SQLModel) -> Any:
    """Return the statement that inserts the row, and returns it if it did."""
    insert = INSERTS[dialect]
    return insert(type(row)).values(column_values(row)).on_conflict_do_nothing().returning(type(row))


def same_key(row: SQLModel) -> ColumnElement[bool]:
    """Return the condition on the row that stands in the way of `row`: the same in any unique key."""
    table, values = table_of(type(row)), column_values(row)
    keys: list[list[Any]] = [list(table.primary_key.columns)]
    keys += [list(rule.columns) for rule in table.constraints if isinstance(rule, UniqueConstraint)]
    keys += [list(index.columns) for index in table.indexes if index.unique]
    known = [key for key in keys if key and all(column in values for column in key)]
    same = [and_(*(column == values[column] for column in key)) for key in known]
    if not same:
        raise FrameworkError(
            f"This {path_of(type(row))} has no value in any unique key, so nothing tells whether it is there.",
            hint="Set a unique field of it, or give the model a unique constraint.",
            code="db.ensure",
        )
    return or_(*same)


def column_values(row: SQLModel) -> dict[Any, Any]:
    """Return the row's values by column. What is `None` is left to the defaults."""
    mapper = mapper_of(type(row))
    values = {column: getattr(row, mapper.get_property_by_column(column).key) for column in mapper.local_table.columns}
    return {column: value for column, value in values.items() if value is not None}
