"""Orders as text: `"-created_at,title"` is the newest first, then by title."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression
from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import SQLModel

from framework.db.mapping.columns import column_of
from framework.errors import Invalid

__all__ = ["Key", "order_by", "parse"]


@dataclass(frozen=True, slots=True)
class Key:
    """One name of an order and its direction."""

    name: str
    descending: bool = False

    def sort(self, column: SQLColumnExpression[Any]) -> ColumnElement[Any]:
        """Return the column as it stands in ORDER BY; rows without a value come last, on every database."""
        directed = column.desc() if self.descending else column.asc()
        return directed.nulls_last() if nullable(column) else directed


def parse(order: str) -> tuple[Key, ...]:
    """Return the keys of an order, or raise `Invalid` when one has no name."""
    names = [name.strip() for name in order.split(",")] if order.strip() else []
    if not all(name.removeprefix("-") for name in names):
        raise Invalid(fields={"order": f"{order!r} has an empty name in it."})
    return tuple(Key(name.removeprefix("-"), name.startswith("-")) for name in names)


def order_by(model: type[SQLModel], order: str) -> list[ColumnElement[Any]]:
    """Return what to sort `model` by. A name that is none of its fields is `Invalid`."""
    return [key.sort(column_of(model, key.name, asked="order")) for key in parse(order)]


def nullable(column: SQLColumnExpression[Any]) -> bool:
    """Tell whether the value may be missing; a computed one may."""
    clause: Any = column.__clause_element__() if isinstance(column, InstrumentedAttribute) else column
    return getattr(clause, "nullable", True)
