"""A database's types as models write them: `VARCHAR(20)` is `sa.String(length=20)`."""

from collections.abc import Callable
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

__all__ = ["as_written"]

PLAIN: dict[type[TypeEngine[Any]], Callable[[], TypeEngine[Any]]] = {
    sa.INTEGER: sa.Integer,
    sa.BIGINT: sa.BigInteger,
    sa.SMALLINT: sa.SmallInteger,
    sa.BOOLEAN: sa.Boolean,
    sa.DATE: sa.Date,
    sa.JSON: sa.JSON,
    sa.UUID: sa.Uuid,
    sa.BLOB: sa.LargeBinary,
    postgresql.BYTEA: sa.LargeBinary,
    postgresql.JSON: sa.JSON,
}
"""By the type itself or an ancestor: the dialects have classes of their own."""


def as_written(type_: TypeEngine[Any], dialect: str) -> TypeEngine[Any]:
    """Return the type that a model writes for one that a database told; the DDL of both is the same."""
    if isinstance(type_, sa.ARRAY):
        array = cast("sa.ARRAY[Any]", type_)
        # PostgreSQL keeps no number of dimensions, and takes any.
        return postgresql.ARRAY(as_written(array.item_type, dialect))
    if isinstance(type_, postgresql.ENUM):
        schema: Any = getattr(type_, "schema", None)
        return sa.Enum(*type_.enums, name=type_.name, schema=schema)
    if isinstance(type_, postgresql.DOMAIN):
        return domain(type_, dialect)
    if isinstance(type_, postgresql.JSONB | postgresql.CITEXT | sa.Enum):
        return type_
    if isinstance(type_, sa.TEXT):
        return sa.Text(collation=type_.collation)
    if isinstance(type_, sa.VARCHAR):
        return sa.String(type_.length, collation=type_.collation)
    if isinstance(type_, sa.NUMERIC):
        return sa.Numeric(type_.precision, type_.scale)
    if isinstance(type_, sa.DOUBLE_PRECISION):
        return sa.Double()
    moment = moment_type(type_, dialect)
    if moment is not None:
        return moment
    for known, plain in PLAIN.items():
        if isinstance(type_, known):
            return plain()
    return type_


def domain(type_: Any, dialect: str) -> TypeEngine[Any]:
    """Return a domain that a new database makes too; reflected ones are taken to be there."""
    told = {name: getattr(type_, name) for name in ("collation", "default", "constraint_name", "not_null", "schema")}
    check = None if type_.check is None else str(type_.check)
    return postgresql.DOMAIN(type_.name, as_written(type_.data_type, dialect), check=check, **told)


def moment_type(type_: TypeEngine[Any], dialect: str) -> TypeEngine[Any] | None:
    """Return how a type of a moment or a span is written, unless it has a precision, which only PostgreSQL knows."""
    if getattr(type_, "precision", None) is not None or getattr(type_, "fields", None) is not None:
        return None
    match type_:
        case sa.TIMESTAMP() | sa.DATETIME():
            if dialect == "sqlite" and isinstance(type_, sa.TIMESTAMP):
                return sa.TIMESTAMP(timezone=type_.timezone)
            return sa.DateTime(timezone=type_.timezone)
        case sa.TIME():
            return sa.Time(timezone=type_.timezone)
        case postgresql.INTERVAL():
            return sa.Interval()
        case _:
            return None
