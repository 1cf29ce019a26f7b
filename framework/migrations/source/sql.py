"""SQL expressions as text, the same for every database."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.functions import FunctionElement

from framework.migrations.source.code import ALCHEMY, Code, call, literal

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
        return literal(value.name)
    if (
        isinstance(value, FunctionElement)
        and not list(value.clauses)
        and (name := getattr(value, "name", "")).isidentifier()
    ):
        # `now()` is CURRENT_TIMESTAMP to SQLite; SQLAlchemy's function is right for both.
        return call(f"sa.func.{name}", imports=[ALCHEMY])
    if isinstance(value, ClauseElement):
        return call("sa.text", literal(sql_text(value)), imports=[ALCHEMY])
    if isinstance(value, list | tuple):
        items: list[Any] = [sql_text(item) if isinstance(item, sa.Column) else item for item in value]
        return literal(items)
    return literal(value)


def server_default(default: object) -> Code | None:
    """Return how a server's default is written, or `None` where the value is made outside the table's definition."""
    if not isinstance(default, sa.DefaultClause):
        return None
    argument: object = default.arg
    if isinstance(argument, str):
        return literal(argument)
    if isinstance(argument, sa.True_ | sa.False_):
        return Code("sa.true()" if isinstance(argument, sa.True_) else "sa.false()", frozenset([ALCHEMY]))
    return sql_code(argument)
