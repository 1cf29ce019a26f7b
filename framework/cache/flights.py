"""Values that are being made, and that others wait for."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, NamedTuple

from framework.cache.entries import Entry
from framework.errors import DomainError, Unavailable

__all__ = ["Failure", "Flight", "Outcome", "Unshared", "Versions"]


class Unshared(Exception):
    """Raised by who makes a value when it is for the caller alone, and for nobody who waits for it."""


class Failure(NamedTuple):
    """What went wrong, and how it came there: everybody who waited raises it from there."""

    error: Exception
    trace: TracebackType | None

    @property
    def is_an_answer(self) -> bool:
        """Whether another try would end the same."""
        return isinstance(self.error, DomainError) and not isinstance(self.error, Unavailable)


type Outcome = Entry | Failure | Literal["own", "unshared", "cancelled"]
"""What a flight ended with: something for all, or what only the one who flew could use."""

type Versions = Mapping[str, bytes | None]


@dataclass(slots=True)
class Flight:
    """A value that is being made, and that others wait for."""

    outcome: asyncio.Future[Outcome]
    changes: int | None = None
    """How many changes this process had seen when it began; `None` before."""
    versions: Versions | None = None
    """How the tags stood then; `None` when nobody could tell."""
    found: bool = False
    """Whether the value was read, and not made: maybe before some of those who waited had asked."""

    def sees(self, changes: int, versions: Versions | None) -> bool:
        """Tell whether it sees all that was changed before this process had seen that much, and the tags stood so.

        What was committed here is seen also when a server that is away, or came back empty, knows of no version.
        """
        sees_own = self.changes is None or self.changes == changes
        if self.versions is None or versions is None:
            return sees_own
        stood = [(versions.get(name), version) for name, version in self.versions.items()]
        return all(before == version or (before is None and sees_own) for before, version in stood)
