"""SQL expressions as text, the same for every database."""

from collections.abc import Iterable
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.functions import FunctionElement

from framework.migrations.source.code import Code, alchemy, call, literal

__all__ = ["server_default", "sql_code", "sql_text"]

# Names parameters, so that a percent sign stays single.
DIALECT = postgresql.dialect(paramstyle="named")


def sql_text(expression: ClauseElement | str) -> str:
    """Return an expression as SQL, its values written out and its columns without their table."""
    if isinstance(expression, str):
        return expression
    if isinstance(expression, sa.TextClause):
        return expression.text
    options = {"literal_binds": True, "include_table": False}
    return str(expression.compile(dialect=DIALECT, compile_kwargs=options))


def sql_code(value: object) -> Code:
    """Return how an option is written: SQL as `sa.text(...)`, columns by name, anything else as it is."""
    if isinstance(value, sa.Column):
        return literal(cast("sa.Column[Any]", value).name)
    if isinstance(value, ClauseElement):
        return expression_code(value)
    if isinstance(value, list | tuple):
        items = cast("Iterable[object]", value)
        return literal([cast("sa.Column[Any]", item).name if isinstance(item, sa.Column) else item for item in items])
    return literal(value)


def expression_code(expression: ClauseElement) -> Code:
    """Return how SQL is written; a function without arguments stays one, for its name may differ between databases."""
    if (name := bare_function(expression)) is not None:
        return call(alchemy(f"func.{name}"))
    return call(alchemy("text"), literal(sql_text(expression)))


def bare_function(expression: object) -> str | None:
    """Return the name of a function without arguments: `now()` is CURRENT_TIMESTAMP to SQLite."""
    name: object = getattr(expression, "name", None)
    if not isinstance(expression, FunctionElement) or not isinstance(name, str) or not name.isidentifier():
        return None
    clauses = cast("FunctionElement[Any]", expression).clauses
    return None if list(cast("Iterable[object]", clauses)) else name


def server_default(default: object) -> Code | None:
    """Return how a server's default is written, or `None` where the value is made outside the table's definition."""
    if not isinstance(default, sa.DefaultClause):
        return None
    argument: object = default.arg
    if isinstance(argument, str):
        return literal(argument)
    if isinstance(argument, sa.True_ | sa.False_):
        return call(alchemy("true" if isinstance(argument, sa.True_) else "false"))
    return sql_code(argument)
