"""Rows made to order: `await make(Product, name="A")` fills in whatever else the table requires."""

import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from sqlalchemy import Column
    from sqlalchemy.types import TypeEngine
    from sqlmodel import SQLModel

    from framework.project import Project

__all__ = ["Make"]

VALUES: dict[type, Callable[[int], object]] = {
    bool: lambda number: False,
    bytes: lambda number: str(number).encode(),
    date: lambda number: date(2026, 1, 1) + timedelta(days=number),
    datetime: lambda number: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
    dict: lambda number: {},
    float: float,
    int: int,
    list: lambda number: [],
    time: lambda number: time(number // 3600 % 24, number // 60 % 60, number % 60),
    timedelta: lambda number: timedelta(seconds=number),
}


class Make:
    """Makes and commits rows of a project's models. Two rows never share a value that it made up."""

    def __init__(self, project: "Project") -> None:
        self._project = project
        self._numbers = itertools.count(1)

    async def __call__[M: "SQLModel"](self, model: type[M], /, **values: Any) -> M:
        """Return a new row of `model` with `values`, committed.

        A column that needs a value and was given none gets one of its type; a foreign key, a new row to point at.
        Raise `ValueError` for a column that nothing can be made up for: give it a value.
        """
        return await self._row(model, values, ())

    async def _row[M: "SQLModel"](self, model: type[M], values: dict[str, Any], chain: tuple[object, ...]) -> M:
        from framework.db import Session

        table = getattr(model, "__table__")  # noqa: B009 — sqlmodel does not declare it
        for column in table.columns:
            if column.key not in values and needs_value(model, column):
                values[column.key] = await self._value(column, (*chain, table))
        async with self._project.scope() as scope:
            row = model(**values)
            (await scope.get(Session)).add(row)
        return row

    async def _value(self, column: "Column[Any]", chain: tuple[object, ...]) -> object:
        from framework.db import models_of

        for key in column.foreign_keys:
            if key.column.table in chain:
                raise ValueError(f"No row can be made for {column}: it needs one that needs this one first. Give it.")
            for model in models_of(self._project):
                if getattr(model, "__table__") is key.column.table:  # noqa: B009 — as above
                    return getattr(await self._row(model, {}, chain), key.column.key)
        return made_up(column, next(self._numbers))


def needs_value(model: "type[SQLModel]", column: "Column[Any]") -> bool:
    """Tell whether a row cannot be stored unless it is told the column's value."""
    field = model.model_fields.get(column.key)
    has_default = field is not None and not field.is_required()
    generated = column.primary_key and not column.foreign_keys
    return not (column.nullable or has_default or generated or column.default or column.server_default)


def made_up(column: "Column[Any]", number: int) -> object:
    """Return a value of the column's type that no other row has, where the type has that many."""
    from sqlalchemy import JSON

    # A type that wraps another, as sqlmodel's strings and datetimes do, may know no class of its own.
    type_, kind = column.type, class_of(column.type)
    if kind is object:
        type_ = getattr(column.type, "impl_instance", column.type)
        kind = class_of(type_)
    if issubclass(kind, Enum):
        return next(iter(kind))
    if kind.__name__ == "UUID":
        return uuid4()
    if issubclass(kind, str):
        length = getattr(type_, "length", None)
        text = f"{column.key} {number}"
        return text if length is None or len(text) <= length else str(number)[-length:].rjust(length, "0")
    if issubclass(kind, Decimal):
        precision, scale = getattr(type_, "precision", None) or 28, getattr(type_, "scale", None) or 0
        return Decimal(number % 10**precision).scaleb(-scale)
    if isinstance(type_, JSON):
        return {}
    if kind not in VALUES:
        raise ValueError(f"No value can be made up for {column}, a {column.type!r}. Give it.")
    return VALUES[kind](number)


def class_of(type_: "TypeEngine[Any]") -> type:
    """Return the class of a column type's values, `object` when it does not say."""
    try:
        return type_.python_type
    except NotImplementedError:
        return object
