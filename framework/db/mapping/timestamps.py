"""Moments in time: aware, in UTC, and written as `2026-01-31T09:30:00.000000Z`."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, PlainSerializer
from pydantic_core import CoreSchema, core_schema

__all__ = ["Timestamp", "now", "write_moments"]


def now() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC)


def in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("In UTC this is before the year 1 or after 9999") from None


def written(moment: datetime) -> str:
    """Write a moment with a fraction, also when it falls on a full second, so that every one has the same form."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


Timestamp = Annotated[
    AwareDatetime, AfterValidator(in_utc), PlainSerializer(written, return_type=str, when_used="json")
]
"""A `datetime` for schemas: refuses one without a time zone, holds UTC, and leaves as `Z` with a fraction."""


def write_moments(schema: CoreSchema) -> CoreSchema:
    """Make every `datetime` field in a model's schema leave as a `Timestamp` does."""
    for part in inner(schema):
        if part["type"] == "datetime" and "serialization" not in part:
            part["serialization"] = core_schema.plain_serializer_function_ser_schema(
                written, return_schema=core_schema.str_schema(), when_used="json"
            )
        else:
            write_moments(part)
    return schema


def inner(schema: Any) -> list[Any]:
    match schema:
        case {"type": "model-fields", "fields": fields}:
            return [field["schema"] for field in fields.values()]
        case {"type": "definitions" | "default" | "nullable" | "model", "schema": part}:
            return [part]
        case {"type": "function-before" | "function-after" | "function-wrap", "schema": part}:
            return [part]
        case _:
            return []
