"""Effective settings for people: what each is, and who says so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from framework.conf.redaction import redacted
from framework.conf.source import Source

__all__ = ["Setting", "rows"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One effective setting."""

    name: str
    """`debug`, or `cache.ttl` in a section."""
    text: str
    """The value's repr, secrets hidden."""
    source: Source
    """Where the value came from."""


def rows(path: tuple[str, ...], value: object, source: Callable[[tuple[str, ...]], Source]) -> Iterator[Setting]:
    """Yield a setting, or the settings of a section, one for each value."""
    fields = type(value).model_fields if isinstance(value, BaseModel) else {}
    for name in fields:
        yield from rows((*path, name), getattr(value, name), source)
    if not fields:
        yield Setting(".".join(path), redacted(path[-1], value), source(path))
