"""Conditions by name, as Django spells them: `created_at__gte`, `author__name`, `title__icontains`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, cast
from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import SQLModel

from framework.db.mapping.columns import column_of, mapper_of
from framework.db.mapping.values import bindable
from framework.db.near import near
from framework.errors import Invalid

__all__ = ["LOOKUPS", "Reach", "condition", "reach"]

type Compare = Callable[[Any, Any], ColumnElement[bool]]


def text(column: Any) -> Any:
    return column if isinstance(column.type, String) else cast(column, String)


LOOKUPS: dict[str, Compare] = {
    "exact": lambda column, value: column.is_(None) if value is None else column == value,
    "in": lambda column, value: column.in_(value),
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "isnull": lambda column, value: column.is_(None) if value else column.is_not(None),
    "iexact": lambda column, value: text(column).ilike(escaped(value), escape="/"),
    "icontains": lambda column, value: text(column).icontains(value, autoescape=True),
    "istartswith": lambda column, value: text(column).istartswith(value, autoescape=True),
}
"""No lookup minds case in half of the databases only: SQLite's LIKE does not tell `a` from `A`, PostgreSQL's does."""


def escaped(value: str) -> str:
    return value.replace("/", "//").replace("%", "/%").replace("_", "/_")


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a name leads: through relationships to a column, and how that is compared."""

    steps: tuple[InstrumentedAttribute[Any], ...]
    column: InstrumentedAttribute[Any]
    lookup: str

    def condition(self, value: Any, asked: str) -> ColumnElement[bool]:
        """Return the condition that the column compares so with `value`; a row of each relationship must meet it."""
        value = value if self.lookup == "isnull" else bindable(self.column, value, asked)
        found = LOOKUPS[self.lookup](self.column, value)
        for step in reversed(self.steps):
            found = step.any(found) if step.property.uselist else step.has(found)
        return found


def reach(model: Any, name: str) -> Reach:
    """Return where `name` leads from `model`; raise `Invalid` when it leads nowhere."""
    steps: list[InstrumentedAttribute[Any]] = []
    rest = name
    while True:
        mapper = mapper_of(model)
        head, _, tail = rest.partition("__")
        if rest in mapper.column_attrs:
            return Reach(tuple(steps), getattr(model, rest), "exact")
        if head not in mapper.relationships or not tail:
            break
        steps.append(getattr(model, head))
        model, rest = mapper.relationships[head].mapper.class_, tail
    lookup = tail or "exact"
    column = column_of(model, head, asked=name)
    if lookup not in LOOKUPS:
        raise Invalid(fields={name: f"There is no lookup {lookup!r}. {near(lookup, LOOKUPS)}"}, code="unknown_field")
    return Reach(tuple(steps), column, lookup)


def condition(model: type[SQLModel], name: str, value: Any) -> ColumnElement[bool]:
    """Return the condition `name=value` on rows of `model`."""
    return reach(model, name).condition(value, name)
