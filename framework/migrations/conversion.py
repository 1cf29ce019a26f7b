"""How values change with their column's type on SQLite, where a type is little more than a name."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

__all__ = ["convert"]

NUMBERS = (sa.Integer, sa.Numeric)
KEPT_AS_TEXT = (sa.Date, sa.DateTime, sa.Time, sa.JSON)


def convert(existing: "sa.Column[Any]", transfer: dict[str, Any], new: TypeEngine[Any]) -> None:
    """Say how a rebuild copies a column: Alembic's plain CAST reads `'2026-01-02'` as a DATE into the number 2026."""
    transfer["expr"] = converted(transfer["expr"], existing.type, new)


def converted(value: Any, old: TypeEngine[Any], new: TypeEngine[Any]) -> Any:
    if old._type_affinity is new._type_affinity:  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]  # as Alembic does
        return value
    text = sa.type_coerce(value, sa.String)
    match old, new:
        case sa.DateTime(), sa.Date():
            return sa.func.substr(text, 1, 10)
        case sa.Date(), sa.DateTime():
            return text + sa.literal_column("' 00:00:00.000000'")
        case sa.Integer() | sa.Numeric(), sa.Boolean():
            return sa.type_coerce(value, sa.Numeric) != sa.literal_column("0")
        case sa.String(), sa.Uuid():
            return sa.func.replace(text, sa.literal_column("'-'"), sa.literal_column("''"))
        case _ if isinstance(new, KEPT_AS_TEXT):
            return value
        case _:
            return sa.cast(value, new)
