"""Keys of rows as text and back: where a data migration stands, written down between its batches."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from framework.errors import FrameworkError

__all__ = ["from_text", "to_text"]

READERS: Mapping[str, Callable[[str], object]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "Decimal": Decimal,
    "UUID": UUID,
    "bytes": bytes.fromhex,
}
"""What JSON doesn't know."""


def to_text(key: Sequence[object]) -> str:
    """Return a key as text. Raises `FrameworkError` for a type that no key should have."""
    return json.dumps([value if isinstance(value, int | str | float) else tagged(value) for value in key])


def from_text(text: str) -> tuple[Any, ...]:
    """Return the key that `to_text` wrote."""
    values: list[Any] = json.loads(text)
    return tuple(READERS[value[0]](value[1]) if isinstance(value, list) else value for value in values)  # pyright: ignore[reportUnknownArgumentType]  # JSON


def tagged(value: object) -> list[str]:
    match value:
        case datetime():
            return ["datetime", value.isoformat()]
        case date():
            return ["date", value.isoformat()]
        case Decimal():
            return ["Decimal", str(value)]
        case UUID():  # asyncpg's own kind too
            return ["UUID", str(value)]
        case bytes():
            return ["bytes", value.hex()]
        case _:
            raise FrameworkError(
                f"batches() cannot go by a key of type {type(value).__name__}; wanted a number, text, date or UUID.",
                code="migrations.batches",
            )
