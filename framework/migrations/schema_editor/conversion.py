"""How values change with their column's type on SQLite, where a type is little more than a name."""

from functools import reduce
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

__all__ = ["convert"]

TRUE = ("t", "true", "y", "yes", "on", "1")
"""What PostgreSQL reads as true."""
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
            return text + said(" 00:00:00.000000")
        case sa.Integer() | sa.Numeric() | sa.Float(), sa.Boolean():
            return sa.type_coerce(value, sa.Numeric) != sa.literal_column("0")
        case sa.Numeric() | sa.Float(), sa.Integer():
            return sa.cast(sa.func.round(value), new)
        case sa.Boolean(), sa.String():
            truth = sa.type_coerce(value, sa.Integer)
            return sa.case(
                (truth == sa.literal_column("1"), said("true")), (truth == sa.literal_column("0"), said("false"))
            )
        case sa.String(), sa.Boolean():
            return sa.func.lower(sa.func.trim(text)).in_([said(word) for word in TRUE])
        case sa.String(), sa.Uuid():
            return sa.func.replace(text, said("-"), said(""))
        case sa.Uuid(), sa.String():
            pieces = [sa.func.substr(text, start, size) for start, size in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))]
            return reduce(lambda before, piece: before + said("-") + piece, pieces)
        case _ if isinstance(new, KEPT_AS_TEXT):
            return value
        case _:
            return sa.cast(value, new)


def said(text: str) -> "sa.ColumnClause[str]":
    return sa.literal_column(f"'{text}'", sa.String)
