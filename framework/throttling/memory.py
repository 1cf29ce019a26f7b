"""Counters in this process, gone with it."""

from collections import OrderedDict
from math import floor
from time import time

__all__ = ["MemoryStore"]


class MemoryStore:
    """A bounded store with the methods of `limits`' own that windows are made of.

    That library's memory looks through all of its keys after every hit, 2 ms with 20,000 clients: a flood of addresses
    would cost more than what it is kept from. Here a hit costs the same however many there are. No method awaits
    anything, so each is atomic.
    """

    def __init__(self, max_keys: int) -> None:
        self._max_keys = max_keys
        self._counters: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counters)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter, which ends `expiry` seconds after its first addition, and return what it stands at."""
        return self._add(key, expiry, amount)

    async def get(self, key: str) -> int:
        """Return what a counter stands at."""
        return self._live(key)[0]

    async def get_expiry(self, key: str) -> float:
        """Return the time at which a counter ends; now, when there is none."""
        return self._live(key)[1]

    async def clear(self, key: str) -> None:
        """Remove a counter."""
        self._counters.pop(key, None)

    async def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Add to the window that ends now, unless more than `limit` would stand in it."""
        now = time()
        before, left, current, _ = self._sliding(key, expiry, now)
        if floor(before * left / expiry) + current + amount > limit:
            return False
        self._add(_window(key, expiry, now), 2 * expiry, amount)
        return True

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Return count and seconds left of the window before, then of the current one, `expiry` added as it will be
        the window before as long again."""
        return self._sliding(key, expiry, time())

    async def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Remove both."""
        now = time()
        self._counters.pop(_window(key, expiry, now), None)
        self._counters.pop(_window(key, expiry, now - expiry), None)

    def _sliding(self, key: str, expiry: int, now: float) -> tuple[int, float, int, float]:
        before = self._live(_window(key, expiry, now - expiry))[0]
        current = self._live(_window(key, expiry, now))[0]
        left = expiry - now % expiry
        return before, left if before else 0.0, current, left + expiry

    def _live(self, key: str) -> tuple[int, float]:
        count, ends = self._counters.get(key, (0, 0.0))
        now = time()
        return (count, ends) if ends > now else (0, now)

    def _add(self, key: str, expiry: int, amount: int) -> int:
        count, ends = self._live(key)
        self._counters[key] = (count + amount, ends if count else time() + expiry)
        self._counters.move_to_end(key)
        self._sweep()
        return count + amount

    def _sweep(self) -> None:
        """Forget the two that were unused for longest if they ended, and one in any case when there are too many."""
        now = time()
        for _ in range(2):
            oldest = next(iter(self._counters))
            if len(self._counters) > self._max_keys or self._counters[oldest][1] <= now:
                del self._counters[oldest]


def _window(key: str, expiry: int, at: float) -> str:
    return f"{key}/{int(at // expiry)}"
