"""Decimal fields hold what their column can: a row says the same before and after it was stored, on every database."""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from sqlalchemy import Float, Numeric
from sqlmodel import SQLModel

from framework.db.mapping.columns import mapper_of

__all__ = ["rounded", "scales_of"]

EXACT = Context(prec=1000)


def scales_of(model: type[SQLModel]) -> dict[str, Decimal]:
    """Return the smallest step of every decimal field that has one, by its name: `Decimal("0.01")` for two places."""
    return {
        name: Decimal(1).scaleb(-column.type.scale)
        for name, column in mapper_of(model).columns.items()
        if isinstance(column.type, Numeric) and not isinstance(column.type, Float) and column.type.scale is not None
    }


def rounded(value: Any, step: Decimal) -> Any:
    """Return a number as a column of that step stores it, half a step away from zero, which is PostgreSQL's way.

    SQLite would round another way, and either of them only after the value was answered.
    """
    if isinstance(value, float):
        value = Decimal(str(value))
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite():
        return value
    return value.quantize(step, ROUND_HALF_UP, EXACT)
