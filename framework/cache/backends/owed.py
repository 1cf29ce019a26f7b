"""What a server is to be told before anything is read from it, and could not be told so far."""

import logging
from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from framework.cache.backends.wire import Command

__all__ = ["CHUNK", "Making", "Owed", "chunks"]

log = logging.getLogger("framework.cache")

CHUNK = 1000
"""Commands that are sent at once: so many are answered within any time limit, and a next attempt begins after them."""

MOST = 100_000
"""Commands of one kind that are remembered."""

type Making = Mapping[str, Callable[[], Command]]
"""What makes a command when it is sent, by the key that it is for."""


class Owed:
    """Commands of one kind. When there are too many, all that they may be for is owed instead."""

    def __init__(self, pattern: str | None) -> None:
        self.pattern = pattern
        """The keys that they are for; `None` for what ends by itself, and is not remembered when there is too much."""
        self.is_everything = False
        self._making: dict[str, Callable[[], Command]] = {}

    def __bool__(self) -> bool:
        return self.is_everything or bool(self._making)

    def add(self, making: Making) -> None:
        """Remember the commands, each instead of an earlier one for its key."""
        if self.is_everything:
            return
        if len(self._making) + len(making) <= MOST:
            self._making |= making
        elif self.pattern is not None:
            log.error("Too much changed while the cache was away: when it is back, all of %r goes.", self.pattern)
            self._making.clear()
            self.is_everything = True

    def some(self) -> Making:
        """Return what to send next."""
        return dict(islice(self._making.items(), CHUNK))

    def paid(self, making: Making) -> None:
        """Forget what was sent, but for what came to be owed again since."""
        for key, make in making.items():
            if self._making.get(key) is make:
                del self._making[key]


def chunks(making: Making) -> Iterable[Making]:
    """Yield the commands in parts that can be sent at once."""
    rest = iter(making.items())
    while part := dict(islice(rest, CHUNK)):
        yield part
