"""Which responses were not kept a moment ago."""

import time
from collections import OrderedDict

__all__ = ["Unkept"]

MOMENT = 5.0
MOST = 1000


class Unkept:
    """The keys of responses that were not kept a moment ago: private ones, answers of error.

    Waiting for another to make what only that other may have would let all callers, in all processes, go one by one.
    """

    def __init__(self) -> None:
        self._until: OrderedDict[str, float] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        until = self._until.get(key)
        return until is not None and until > time.monotonic()

    def add(self, key: str) -> None:
        """Note that a response was not kept."""
        self._until[key] = time.monotonic() + MOMENT
        self._until.move_to_end(key)
        if len(self._until) > MOST:
            self._until.popitem(last=False)

    def discard(self, key: str) -> None:
        """Note that a response can be kept."""
        self._until.pop(key, None)
