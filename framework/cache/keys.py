"""What tells arguments apart: in the key of a result, the same in every process that has the same code."""

from base64 import b64encode
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from types import GeneratorType
from typing import Any, cast

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.types import Secret
from pydantic_core import PydanticSerializationError, to_json

from framework.cache.tags import is_saved, names_of

__all__ = ["PLAIN", "NoKey", "told"]

PLAIN = (int, str, type(None), bool, float)
"""What JSON tells apart. All else is written with its type: a `Circle` of size 1 is no `Square` of size 1."""

SECRETS = (SecretStr, SecretBytes, Secret)


class NoKey(Exception):
    """A value, or a part of one, of which no key can be made."""

    def __init__(self, value: Any, reason: str = "of which no key can be made") -> None:
        self.part = value
        self.reason = reason

    def of(self, value: Any) -> str:
        """Return what is wrong with a value that holds the part."""
        part, whole = type(self.part).__name__, type(value).__name__
        return f"is a {whole}, {self.reason}" if part == whole else f"is a {whole} with a {part}, {self.reason}"


def told(value: Any) -> Any:
    """Return what tells a value from others, for JSON; of a row its name, since the rest of it may change.

    Raises `NoKey` for what has no form that can be compared, and for secrets: keys are written to servers and logs.
    """
    kind = cast("Any", type(value))
    if kind in PLAIN:
        return value
    if kind is list:
        return [told(each) for each in value]
    return {label(kind): parts(value, kind)}


def parts(value: Any, kind: Any) -> Any:
    """Return what tells a value from others of its type."""
    if hasattr(kind, "__table__"):
        return row(value)
    if isinstance(value, BaseModel):
        refuse_excluded(value)
        return [told(part) for part in (value.__dict__, value.__pydantic_extra__) if part]
    if isinstance(value, Enum):
        return told(value.value)
    if isinstance(value, dict):
        return [[told(name), told(part)] for name, part in cast("dict[Any, Any]", value).items()]
    if isinstance(value, (list, tuple)):
        return [told(part) for part in cast("tuple[Any, ...]", value)]
    if isinstance(value, (set, frozenset)):  # in an order that no other process would find otherwise
        return sorted((told(part) for part in cast("set[Any]", value)), key=to_json)
    if is_dataclass(value):
        return [told(getattr(value, field.name)) for field in fields(value)]
    return leaf(value)


def leaf(value: Any) -> str:
    """Return the text of a value without parts: an id, a date, a path."""
    if isinstance(value, (bytes, bytearray)):
        return b64encode(value).decode()
    if isinstance(value, SECRETS):
        raise NoKey(value, "which must not be read in a key")
    if isinstance(value, GeneratorType):
        raise NoKey(value)
    try:
        text = to_json(value).decode()
    except PydanticSerializationError:
        raise NoKey(value) from None
    if text[0] in "[{":  # something with parts, whose types it does not tell
        raise NoKey(value)
    return text


def row(value: Any) -> str:
    """Return the name of a row of a table."""
    if not is_saved(value):
        raise NoKey(value, "that has no primary key yet, so it is not told from others")
    return names_of(value)[0]


def refuse_excluded(value: BaseModel) -> None:
    """Raise for a model with fields that are left out wherever it is written."""
    names = excluded(type(value))
    if names:
        raise NoKey(value, f"whose field {names[0]!r} is excluded from what is written, as a key is")


@lru_cache(maxsize=1024)
def excluded(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the fields of a model that are never written."""
    return tuple(name for name, field in model.model_fields.items() if field.exclude)


@lru_cache(maxsize=1024)
def label(kind: type) -> str:
    """Return the name of a type."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
