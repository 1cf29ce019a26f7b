"""Changes of type: what may be lost, and how PostgreSQL is told to convert."""

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import CompileError
from sqlalchemy.types import TypeDecorator, TypeEngine

from framework.migrations.operations.alter_enum import values_of
from framework.migrations.source.types import type_code

__all__ = ["family", "kept_type", "kind", "loss", "named", "readable", "using"]

DIALECT = postgresql.dialect()
INTEGERS = {"SMALLINT": 2, "INTEGER": 4, "BIGINT": 8}
NUMBERS = (sa.Integer, sa.Numeric, sa.Float)
TEXT = ("VARCHAR", "TEXT", "CHAR", "CITEXT")


def kept_type(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type as PostgreSQL keeps it, variants and decorators resolved."""
    found: TypeEngine[Any] = type_.dialect_impl(DIALECT)
    return found.impl_instance if isinstance(found, TypeDecorator) else found


def spelled(type_: TypeEngine[Any]) -> str:
    return kept_type(type_).compile(dialect=DIALECT)


def family(type_: TypeEngine[Any] | None) -> str:
    """Return the first word of a type: `VARCHAR(50)` is `VARCHAR`."""
    try:
        return re.split(r"[( \[]", spelled(type_), maxsplit=1)[0] if type_ is not None else ""
    except CompileError:
        return type(type_).__name__  # another database's


def is_native(type_: TypeEngine[Any]) -> bool:
    kept = kept_type(type_)
    return isinstance(kept, sa.Enum) and bool(kept.native_enum)


def is_text(type_: TypeEngine[Any]) -> bool:
    return family(type_) in TEXT and not is_native(type_)


def kind(type_: TypeEngine[Any] | None) -> str:
    """Return what sort of values a type is for; those of one sort can be made into each other."""
    if type_ is None:
        return "unknown"
    match kept_type(type_):
        case sa.ARRAY(item_type=item):
            return f"list of {kind(item)}"
        case sa.Enum():
            return "choice"
        case sa.Boolean():
            return "truth"
        case sa.Integer() | sa.Numeric() | sa.Float():
            return "number"
        case sa.Date() | sa.DateTime():
            return "moment"
        case sa.JSON():
            return "document"
        case _:
            return "word" if is_text(type_) else family(type_).lower()


def readable(old: str, new: str) -> bool:
    """Tell whether values of one kind can be read as those of another, as far as each of them allows."""
    apart = any(name == "bytea" or name.startswith("list of ") for name in (old, new))
    return not apart and ("word" in (old, new) or {old, new} == {"number", "truth"})


def loss(old: TypeEngine[Any], new: TypeEngine[Any]) -> str | None:
    """Return what a column loses, or may, by getting another type; `None` when every value keeps."""
    before, after = kept_type(old), kept_type(new)
    change = f"{spelled(old)} becomes {spelled(new)}"
    if is_text(old):
        if not is_text(new):
            return f"{change}, and text that does not read as one cannot be kept"
        long, short = length(before), length(after)
        return f"{change}, and longer text cannot be kept" if (long or 10**9) > (short or 10**9) else None
    if isinstance(before, sa.Integer) and isinstance(after, sa.Integer):
        shrinks = INTEGERS.get(family(old), 4) > INTEGERS.get(family(new), 4)
        return f"{change}, and larger numbers cannot be kept" if shrinks else None
    if isinstance(before, sa.Numeric | sa.Float) and isinstance(after, sa.Integer):
        return f"{change}, and fractions are rounded"
    if isinstance(after, sa.Numeric) and isinstance(before, NUMBERS):
        return numeric_loss(before, after, change)
    if isinstance(before, sa.DateTime) and isinstance(after, sa.Date):
        return f"{change}, and the time of day is lost"
    if isinstance(before, NUMBERS) and isinstance(after, sa.Boolean):
        return f"{change}, and all numbers but 0 become true"
    return None


def length(type_: TypeEngine[Any]) -> int | None:
    return type_.length if isinstance(type_, sa.String) else None


def numeric_loss(before: TypeEngine[Any], after: "sa.Numeric[Any]", change: str) -> str | None:
    if isinstance(after, sa.Float) or after.precision is None:
        return None
    scale = after.scale or 0
    if not isinstance(before, sa.Numeric) or before.precision is None:
        whole, fraction = (10, 0) if isinstance(before, sa.Integer) else (10**9, 10**9)
    else:
        whole, fraction = before.precision - (before.scale or 0), before.scale or 0
    if fraction > scale:
        return f"{change}, and digits after the point are rounded away"
    return f"{change}, and larger numbers cannot be kept" if whole > after.precision - scale else None


def using(column: str, old: TypeEngine[Any], new: TypeEngine[Any]) -> str | None:
    """Return the expression by which PostgreSQL converts a column; `None` where it knows how to by itself."""
    name = DIALECT.identifier_preparer.quote(column)
    before, after = kept_type(old), kept_type(new)
    if is_native(old) and is_text(new):
        return f"{name}::text"
    if is_text(new) or family(old) == family(new):
        return zone(name, before, after)
    if is_native(old) or is_native(new):
        return f"{name}::text::{spelled(new)}"
    if isinstance(before, NUMBERS) and isinstance(after, sa.Boolean):
        return f"{name} <> 0"
    if isinstance(before, sa.Boolean) and isinstance(after, NUMBERS):
        return f"{name}::integer::{spelled(new)}"
    if assigned(before, after):
        return zone(name, before, after)
    return f"{name}::{spelled(new)}"


def assigned(before: TypeEngine[Any], after: TypeEngine[Any]) -> bool:
    """Tell whether PostgreSQL converts by assignment."""
    pairs = ((NUMBERS, NUMBERS), ((sa.Date, sa.DateTime),) * 2, ((sa.JSON, postgresql.JSONB),) * 2)
    return any(isinstance(before, one) and isinstance(after, other) for one, other in pairs)


def zone(name: str, before: TypeEngine[Any], after: TypeEngine[Any]) -> str | None:
    """Read a time without a zone as UTC, whatever zone the session is in."""
    zones = {bool(item.timezone) for item in (before, after) if isinstance(item, sa.DateTime)}
    return f"{name} AT TIME ZONE 'UTC'" if len(zones) > 1 else None


def named(type_: TypeEngine[Any] | None) -> str:
    """Return what a person calls a type: `String(50)`, `Integer`, `Enum('a', 'b')`."""
    if type_ is None:
        return "value"
    if isinstance(type_, sa.Enum):
        return f"Enum({', '.join(map(repr, values_of(type_)))})"
    code = type_code(type_).text
    return (
        re.sub(r"\b(\w+\.)+(?=\w)", "", re.sub(r"\.with_variant\(.*", "", code))
        .replace("length=", "")
        .removesuffix("()")
    )
