"""Which server defaults PostgreSQL evaluates once, and which for every row."""

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ClauseElement

from framework.migrations.schema.table import Column

__all__ = ["is_volatile", "sql"]

STABLE = frozenset(
    {
        *("now", "current_timestamp", "transaction_timestamp", "statement_timestamp", "localtimestamp", "current_time"),
        *("localtime", "current_date", "current_user", "timezone", "date_trunc", "to_char", "to_timestamp"),
        *("lower", "upper", "coalesce", "concat", "jsonb_build_object", "jsonb_build_array", "json_build_object"),
        *("json_build_array", "make_interval", "array"),
    }
)
"""The functions that give every row the same value. One that is not here may give each its own."""


def is_volatile(column: Column) -> bool:
    """Tell whether a column's default may differ from row to row."""
    if not isinstance(column.sa_default, sa.DefaultClause):
        return False
    argument: Any = column.sa_default.arg
    if isinstance(argument, str):
        return False  # a plain value
    # What stands in quotes, and the length of a type behind a cast, calls nothing.
    text = re.sub(r"'(?:[^']|'')*'", "", sql(argument))
    text = re.sub(r"::\s*[\w\s]+\([\d,\s]*\)", "", text)
    return any(name.lower() not in STABLE for name in re.findall(r"(\w+)\s*\(", text))


def sql(expression: ClauseElement) -> str:
    """Return an expression as PostgreSQL reads it."""
    if isinstance(expression, sa.TextClause):
        return expression.text
    return str(expression.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))
