"""Cursors: the place in an order where a page ended, as opaque text.

They are not signed: all a forged one can do is start somewhere else in the rows its reader may see anyway. What it
holds is checked against the order and the types of its columns.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python
from sqlalchemy import ColumnElement, TypeDecorator, and_, false, or_

from framework.db.mapping.ordering import Key, nullable
from framework.db.mapping.values import bindable
from framework.errors import Invalid

__all__ = ["Order"]


@dataclass(frozen=True, slots=True)
class Order:
    """A total order of rows: names with their directions, and the columns behind them."""

    keys: Sequence[Key]
    columns: Sequence[Any]

    def sort(self) -> list[ColumnElement[Any]]:
        """Return what ORDER BY needs."""
        return [key.sort(column) for key, column in zip(self.keys, self.columns, strict=True)]

    def cursor(self, values: Sequence[Any]) -> str:
        """Return the place of the row with these values."""
        content = json.dumps([self._name(), *to_jsonable_python(list(values))], separators=(",", ":"))
        return urlsafe_b64encode(content.encode()).decode().rstrip("=")

    def after(self, cursor: str) -> ColumnElement[bool]:
        """Return the condition on rows that come later than the cursor's place."""
        values = self._values(cursor)
        found: ColumnElement[bool] = false()
        for key, column, value in reversed(list(zip(self.keys, self.columns, values, strict=True))):
            same = column.is_(None) if value is None else column == value
            found = or_(later(key, column, value), and_(same, found))
        return found

    def _name(self) -> str:
        return ",".join(f"{'-' if key.descending else ''}{key.name}" for key in self.keys)

    def _values(self, cursor: str) -> list[Any]:
        try:
            name, *values = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            if name != self._name():
                raise ValueError(name)
            pairs = zip(self.columns, values, strict=True)
            return [bindable(column, read(column, value), "cursor") for column, value in pairs]
        except (ValueError, TypeError, ValidationError, RecursionError, Invalid):
            text = "This cursor is not valid here. Start again without one."
            raise Invalid(fields={"cursor": text}, code="invalid_cursor") from None


def later(key: Key, column: Any, value: Any) -> ColumnElement[bool]:
    """Return the condition that a row's value comes after `value`; those without one come last."""
    if value is None:
        return false()
    beyond: ColumnElement[bool] = column < value if key.descending else column > value
    return or_(beyond, column.is_(None)) if nullable(column) else beyond


def read(column: Any, value: Any) -> Any:
    """Return a cursor's value with the type of its column."""
    if value is None:
        if not nullable(column):
            raise ValueError(value)
        return None
    kind: Any = column.type
    if isinstance(kind, TypeDecorator):
        kind = cast("Any", kind).impl_instance
    return TypeAdapter[Any](kind.python_type).validate_python(value)
