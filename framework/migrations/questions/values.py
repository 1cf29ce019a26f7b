"""Reads a value that a person types: literals, and dates, UUIDs and decimals, nothing else."""

import ast
import datetime
import uuid
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import SQLAlchemyError

from framework.migrations.schema.table import Column

__all__ = ["NAMES", "Unreadable", "converted", "evaluate"]

KNOWN: Mapping[str, Any] = {
    # Only what is listed: the module itself would lead to `sys`.
    "datetime": SimpleNamespace(
        datetime=datetime.datetime,
        date=datetime.date,
        time=datetime.time,
        timedelta=datetime.timedelta,
        timezone=datetime.timezone,
        UTC=datetime.UTC,
    ),
    "timezone": SimpleNamespace(now=lambda: datetime.datetime.now(datetime.UTC), utc=datetime.UTC),
    "date": datetime.date,
    "timedelta": datetime.timedelta,
    "uuid": SimpleNamespace(UUID=uuid.UUID, uuid4=uuid.uuid4),
    "UUID": uuid.UUID,
    "Decimal": Decimal,
}
DIALECT = sqlite.dialect()
NAMES = ", ".join(name for name in KNOWN)


class Unreadable(Exception):
    """The text is no value, or none of the column's type."""


def evaluate(text: str, column: Column) -> Any:
    """Return the value that `text` says for a column. Raises `Unreadable`, with a sentence for the person."""
    try:
        value = of(ast.parse(text.strip(), mode="eval").body)
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from None
    return converted(column, value)


def of(node: ast.expr) -> Any:
    """Return the value of an expression."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=items):
            return [of(item) for item in items]
        case ast.Tuple(elts=items):
            return tuple(of(item) for item in items)
        case ast.Dict(keys=keys, values=values):
            return {of(key): of(value) for key, value in zip(keys, values, strict=True) if key is not None}
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -of(operand)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return of(left) + of(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return of(left) - of(right)
        case ast.Call(func=func, args=args, keywords=keywords):
            named = {keyword.arg: of(keyword.value) for keyword in keywords if keyword.arg}
            return known(func)(*map(of, args), **named)
        case _:
            return known(node)


def known(node: ast.expr) -> Any:
    """Return what a name stands for, through its attributes."""
    match node:
        case ast.Name(id=name) if name in KNOWN:
            return KNOWN[name]
        case ast.Attribute(value=value, attr=name) if not name.startswith("_"):
            return getattr(of(value) if isinstance(value, ast.Call) else known(value), name)
        case _:
            raise Unreadable(f"{ast.unparse(node)!r} is not known here; there are {NAMES}.")


def converted(column: Column, value: Any) -> Any:
    """Return a value as one of the column's type. Raises `Unreadable` when it is none."""
    type_: Any = column.sa_type
    wanted = python_type(type_)
    if value is None:
        raise Unreadable("None is what the column may not hold.")
    if isinstance(type_, sa.Enum):
        return member(type_, value)
    if wanted is not None and not fits(value, wanted):
        value = read(value, wanted)
    try:
        process = type_.dialect_impl(DIALECT).bind_processor(DIALECT)
        if process is not None:
            process(value)
    except (SQLAlchemyError, ValueError, TypeError, AttributeError) as error:
        raise Unreadable(f"{error}") from None
    return value


def python_type(type_: Any) -> type[Any] | None:
    try:
        return cast("type[Any]", type_.python_type)
    except NotImplementedError:
        return None


def fits(value: object, wanted: type[Any]) -> bool:
    if wanted in (dict, list):
        return True  # JSON takes both, and plain values too
    if wanted in (int, float, Decimal) and isinstance(value, bool):
        return False
    if wanted in (float, Decimal):
        return isinstance(value, int | float | Decimal)
    return isinstance(value, wanted) and not (wanted is datetime.date and isinstance(value, datetime.datetime))


def read(value: object, wanted: type[Any]) -> Any:
    """Return a text, as it stands in TOML and JSON, as what it means."""
    error = Unreadable(f"{value!r} is not of type {wanted.__name__}.")
    if not isinstance(value, str) or wanted is bool:
        raise error
    try:
        return wanted.fromisoformat(value) if hasattr(wanted, "fromisoformat") else wanted(value)
    except (ValueError, TypeError, ArithmeticError):
        raise error from None


def member(type_: sa.Enum, value: object) -> str:
    members = list(type_.enums)
    text = value.name if isinstance(value, Enum) else value
    if text not in members:
        raise Unreadable(f"{value!r} is none of {', '.join(members)}.")
    return cast("str", text)
