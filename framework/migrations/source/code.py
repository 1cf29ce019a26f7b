"""A piece of Python source together with the imports it needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["ALCHEMY", "OP", "Code", "call", "dialect", "literal", "sequence"]

OP = "from alembic import op"
ALCHEMY = "import sqlalchemy as sa"


@dataclass(frozen=True, slots=True)
class Code:
    """One expression or statement on one line. Two things that are written the same are the same."""

    text: str
    imports: frozenset[str] = frozenset()
    """The import lines the text relies on."""

    def __str__(self) -> str:
        return self.text


def dialect(name: str) -> str:
    """Return the import line of one of SQLAlchemy's dialects."""
    return f"from sqlalchemy.dialects import {name}"


def call(function: str | Code, *args: Code, imports: Iterable[str] = (), **keywords: Code | None) -> Code:
    """Return a call; a keyword that is `None` is left out."""
    named = {name: value for name, value in keywords.items() if value is not None}
    parts = [arg.text for arg in args] + [f"{name}={value.text}" for name, value in named.items()]
    needed = frozenset(imports).union(*(part.imports for part in (*args, *named.values())))
    if isinstance(function, Code):
        needed |= function.imports
    return Code(f"{function}({', '.join(parts)})", needed)


def sequence(items: Iterable[Code], brackets: str = "[]") -> Code:
    """Return a list, or with `brackets="()"` a tuple."""
    codes = list(items)
    text = ", ".join(code.text for code in codes)
    if brackets == "()" and len(codes) == 1:
        text += ","
    return Code(f"{brackets[0]}{text}{brackets[1]}", frozenset().union(*(code.imports for code in codes)))


def literal(value: object) -> Code:
    """Return how a plain value is written. Raises `TypeError` for one that cannot be."""
    if value is None or isinstance(value, bool | int | float):
        return Code(repr(value))
    if isinstance(value, str):
        return Code(repr(str(value)))  # str(): SQLAlchemy's names are subclasses with a repr of their own
    if isinstance(value, Decimal):
        return call("Decimal", literal(str(value)), imports=["from decimal import Decimal"])
    if isinstance(value, list | tuple):
        items: Iterable[object] = value
        return sequence(map(literal, items), "[]" if isinstance(value, list) else "()")
    if isinstance(value, dict):
        pairs: Iterable[tuple[object, object]] = value.items()
        codes = [(literal(key), literal(item)) for key, item in pairs]
        text = ", ".join(f"{key}: {item}" for key, item in codes)
        return Code(f"{{{text}}}", frozenset().union(*(key.imports | item.imports for key, item in codes)))
    raise TypeError(f"{type(value).__name__} {value!r} cannot be written in a migration.")
