"""The values that the benchmarks of the cache keep."""

from datetime import UTC, datetime

from pydantic import BaseModel


class Row(BaseModel):
    """A row of a list, with the usual kinds of fields."""

    id: int
    title: str
    text: str
    price: float
    at: datetime


class FrozenRow(Row, frozen=True):
    """The same, which nobody can change."""


def make_rows(count: int) -> list[Row]:
    """Return rows."""
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return [Row(id=n, title=f"Title {n}", text="Some text, not too long.", price=n / 4, at=at) for n in range(count)]


def make_frozen_rows(count: int) -> tuple[FrozenRow, ...]:
    """Return rows that nobody can change."""
    return tuple(FrozenRow(**vars(row)) for row in make_rows(count))
