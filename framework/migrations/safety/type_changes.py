"""Which changes of a type PostgreSQL makes without reading or writing the rows."""

import re
from typing import Any, NamedTuple

from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import CompileError
from sqlalchemy.types import TypeEngine

__all__ = ["Spelled", "rewrites", "spelled"]

DIALECT = postgresql.dialect()
UNLIMITED = 1 << 31
WIDENING = frozenset(
    {
        *("VARCHAR", "BIT VARYING", "INTERVAL", "TIME WITHOUT TIME ZONE", "TIME WITH TIME ZONE"),
        *("TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP WITH TIME ZONE"),
    }
)
"""Types whose length or precision may grow for nothing."""
COERCIBLE = frozenset({("VARCHAR", "TEXT"), ("CIDR", "INET"), ("CITEXT", "TEXT")})
"""Pairs that are stored alike. Text as citext is not here: its indexes are rebuilt."""


class Spelled(NamedTuple):
    """A type as PostgreSQL calls it: `NUMERIC(10, 2)` is `("NUMERIC", (10, 2))`."""

    name: str
    arguments: tuple[int, ...] = ()


def spelled(type_: TypeEngine[Any]) -> Spelled:
    """Return what a type is called in PostgreSQL, whatever class says so."""
    try:
        text = str(type_.compile(dialect=DIALECT))
    except CompileError:
        return Spelled(repr(type_))
    name = re.sub(r"\s*\(\d[\d,\s]*\)", "", text).strip().upper()
    arguments = re.search(r"\((\d[\d,\s]*)\)", text)
    found = tuple(int(number) for number in arguments[1].split(",")) if arguments else ()
    if name == "FLOAT":
        return Spelled("REAL" if found and found[0] <= 24 else "DOUBLE PRECISION")
    return Spelled({"DECIMAL": "NUMERIC", "CHARACTER VARYING": "VARCHAR"}.get(name, name), found)


def rewrites(old: TypeEngine[Any], new: TypeEngine[Any]) -> bool:
    """Tell whether turning `old` into `new` takes reading or writing every row."""
    before, after = spelled(old), spelled(new)
    if before == after:
        return False
    if (before.name, after.name) in COERCIBLE:
        return False
    # A text is an unlimited varchar, and the other way round.
    if before.name == "TEXT" and after == Spelled("VARCHAR"):
        return False
    if before.name != after.name:
        return True
    if before.name == "NUMERIC":
        return not numeric_widens(before.arguments, after.arguments)
    if before.name in WIDENING:
        return (*before.arguments, UNLIMITED)[0] > (*after.arguments, UNLIMITED)[0]
    return True


def numeric_widens(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    """Tell whether a numeric only gains digits before the point."""
    if not new:
        return True
    if not old:
        return False
    (before, scale), (after, new_scale) = (*old, 0)[:2], (*new, 0)[:2]
    return after >= before and new_scale == scale
