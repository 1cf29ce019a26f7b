"""Values on their way into a statement: what one database takes and another chokes on."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from sqlalchemy import BigInteger, Integer, literal
from sqlmodel import UTCDateTime

from framework.errors import Invalid

__all__ = ["bindable", "storable"]

BIGGEST = 2**63 - 1


def bindable(column: Any, value: Any, asked: str) -> Any:
    """Return what to compare `column` with, or raise `Invalid` about `asked` when no row can ever hold it.

    PostgreSQL's driver raises on a number that is too big for the column's type, on NUL in a text and on a moment
    without a time zone; SQLite takes most of them.
    """
    if isinstance(value, (list, tuple, set, frozenset)):
        items = cast("Iterable[Any]", value)
        return [bindable(column, item, asked) for item in items]
    if isinstance(value, str) and "\0" in value:
        raise Invalid(fields={asked: "Must not contain a NUL character."})
    if isinstance(value, datetime) and value.tzinfo is None and isinstance(column.type, UTCDateTime):
        raise Invalid(fields={asked: "Needs a time zone."})
    if isinstance(value, int) and not isinstance(value, bool):
        if not storable(value):
            raise Invalid(fields={asked: "Is out of range."})
        if isinstance(column.type, Integer):
            return literal(value, BigInteger)
    return value


def storable(value: object) -> bool:
    """Tell whether a database can hold `value` at all; only a number can be too big."""
    return not isinstance(value, int) or -BIGGEST - 1 <= value <= BIGGEST
