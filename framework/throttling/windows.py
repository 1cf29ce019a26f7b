"""What is counted in: fixed and sliding windows, over any store that keeps counters as `limits` does."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import floor
from time import time
from typing import Protocol

from framework.throttling.rates import Rate

__all__ = ["FixedWindows", "SlidingWindows", "Store", "Usage", "Windows"]

MOMENT = 0.001
"""Seconds beyond the edge of a window; stores count milliseconds."""


class Store(Protocol):
    """The part of the interface of `limits`' asynchronous storages that windows need."""

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int: ...  # noqa: D102 - as in MemoryStore
    async def get(self, key: str) -> int: ...  # noqa: D102
    async def get_expiry(self, key: str) -> float: ...  # noqa: D102
    async def clear(self, key: str) -> None: ...  # noqa: D102
    async def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool: ...  # noqa: D102
    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]: ...  # noqa: D102
    async def clear_sliding_window(self, key: str, expiry: int) -> None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a rate somebody has used."""

    rate: Rate
    allowed: bool
    """Whether what was asked for was within the rate."""
    remaining: int
    """How often more, as things stand."""
    reset: float
    """Seconds until the current window ends."""
    retry_after: float = 0
    """Seconds until the same would be allowed, when it was not."""


class Windows(ABC):
    """A way to count."""

    @abstractmethod
    async def hit(self, store: Store, key: str, rate: Rate, cost: int) -> Usage:
        """Count `cost` if it is within the rate."""

    @abstractmethod
    async def test(self, store: Store, key: str, rate: Rate, cost: int) -> Usage:
        """Say what `hit` would, counting nothing."""

    @abstractmethod
    async def reset(self, store: Store, key: str, rate: Rate) -> None:
        """Forget what was counted."""


class FixedWindows(Windows):
    """A window begins with its first hit and ends `rate.seconds` later. Refused hits count as well."""

    async def hit(self, store: Store, key: str, rate: Rate, cost: int) -> Usage:
        """Count `cost`."""
        return self._usage(rate, await store.incr(key, rate.seconds, cost), await store.get_expiry(key))

    async def test(self, store: Store, key: str, rate: Rate, cost: int) -> Usage:
        """Say what `hit` would, counting nothing."""
        return self._usage(rate, await store.get(key), await store.get_expiry(key), cost)

    async def reset(self, store: Store, key: str, rate: Rate) -> None:
        """Forget what was counted."""
        await store.clear(key)

    def _usage(self, rate: Rate, used: int, ends: float, cost: int = 0) -> Usage:
        allowed = used + cost <= rate.limit
        # A store that lost the counter in between knows no end.
        left = max(0.0, ends - time()) or float(rate.seconds)
        return Usage(rate, allowed, max(0, rate.limit - used), left, 0 if allowed else left)


class SlidingWindows(Windows):
    """What was counted in the window that ends now: all of the current one, and the part of the one before that still
    lies in it, as if its hits had come evenly. Refused hits don't count."""

    async def hit(self, store: Store, key: str, rate: Rate, cost: int) -> Usage:
        """Count `cost` if it is within the rate."""
        allowed = await store.acquire_sliding_window_entry(key, rate.limit, rate.seconds, cost)
        return self._usage(rate, await store.get_sliding_window(key, rate.seconds), cost, allowed)

    async def test(self, store: Store, key: str, rate: Rate, cost: int) -> Usage:
        """Say what `hit` would, counting nothing."""
        return self._usage(rate, await store.get_sliding_window(key, rate.seconds), cost, None)

    async def reset(self, store: Store, key: str, rate: Rate) -> None:
        """Forget what was counted."""
        await store.clear_sliding_window(key, rate.seconds)

    def _usage(self, rate: Rate, window: tuple[int, float, int, float], cost: int, allowed: bool | None) -> Usage:
        before, before_left, current, current_left = window
        used = floor(before * before_left / rate.seconds) + current
        left = max(0.0, current_left - rate.seconds) or before_left or float(rate.seconds)
        if allowed is None:
            allowed = used + cost <= rate.limit
        wait = 0.0 if allowed else _wait(rate, window, cost)
        return Usage(rate, allowed, max(0, rate.limit - used), left, wait)


def _wait(rate: Rate, window: tuple[int, float, int, float], cost: int) -> float:
    """Return the seconds until `cost` more is within the rate, when nobody hits meanwhile."""
    before, before_left, current, current_left = window
    free = rate.limit - current - cost
    if free >= 0 and before:  # while this window lasts, the one before leaves it
        return max(0.0, before_left - rate.seconds * (free + 1) / before) + MOMENT
    until_next = max(0.0, current_left - rate.seconds)
    # Then this one is the one before, and leaves in turn.
    return until_next + max(0.0, rate.seconds - rate.seconds * (rate.limit - cost + 1) / max(1, current)) + MOMENT
