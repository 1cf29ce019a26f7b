"""A piece of Python source together with the imports it needs."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import cast
from uuid import UUID

__all__ = ["Code", "alchemy", "call", "dialect", "imports_of", "literal", "op", "own_op", "sequence"]


@dataclass(frozen=True, slots=True)
class Code:
    """One expression or statement on one line. Two things that are written the same are the same."""

    text: str
    imports: frozenset[str] = frozenset()
    """The import lines the text relies on."""

    def __str__(self) -> str:
        return self.text


def op(name: str) -> Code:
    """Return one of Alembic's operations."""
    return Code(f"op.{name}", frozenset(["from alembic import op"]))


def own_op(name: str) -> Code:
    """Return one of the operations that Alembic lacks."""
    return Code(f"op.{name}", frozenset(["from framework.migrations import op"]))


def alchemy(name: str) -> Code:
    """Return something of SQLAlchemy's."""
    return Code(f"sa.{name}", frozenset(["import sqlalchemy as sa"]))


def dialect(package: str, name: str) -> Code:
    """Return something of one of SQLAlchemy's dialects."""
    return Code(f"{package}.{name}", frozenset([f"from sqlalchemy.dialects import {package}"]))


def call(function: Code, *args: Code, **keywords: Code | None) -> Code:
    """Return a call; a keyword that is `None` is left out."""
    named = {name: value for name, value in keywords.items() if value is not None}
    parts = [arg.text for arg in args] + [f"{name}={value.text}" for name, value in named.items()]
    return Code(f"{function}({', '.join(parts)})", imports_of((function, *args, *named.values())))


def sequence(items: Iterable[Code], brackets: str = "[]") -> Code:
    """Return a list, or with `brackets="()"` a tuple."""
    codes = list(items)
    text = ", ".join(code.text for code in codes)
    if brackets == "()" and len(codes) == 1:
        text += ","
    return Code(f"{brackets[0]}{text}{brackets[1]}", imports_of(codes))


def imports_of(codes: Iterable[Code]) -> frozenset[str]:
    """Return the import lines that any of `codes` needs."""
    return frozenset(line for code in codes for line in code.imports)


def literal(value: object) -> Code:
    """Return how a plain value is written. Raises `TypeError` for one that cannot be."""
    if value is None or isinstance(value, bool | int | float):
        return Code(repr(value))
    if isinstance(value, str):
        return Code(repr(str(value)))  # str(): SQLAlchemy's names are subclasses with a repr of their own
    if isinstance(value, Decimal):
        return call(Code("Decimal", frozenset(["from decimal import Decimal"])), literal(str(value)))
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return Code(repr(value).replace("datetime.timezone.utc", "datetime.UTC"), frozenset(["import datetime"]))
    if isinstance(value, UUID):
        return Code(f"uuid.{value!r}", frozenset(["import uuid"]))
    if isinstance(value, bytes):
        return Code(repr(value))
    if isinstance(value, list | tuple):
        items = cast("Iterable[object]", value)
        return sequence(map(literal, items), "[]" if isinstance(value, list) else "()")
    if isinstance(value, dict):
        pairs = cast("Mapping[object, object]", value).items()
        codes = [(literal(key), literal(item)) for key, item in pairs]
        text = ", ".join(f"{key}: {item}" for key, item in codes)
        return Code(f"{{{text}}}", imports_of(code for pair in codes for code in pair))
    raise TypeError(f"{type(value).__name__} {value!r} cannot be written in a migration.")
