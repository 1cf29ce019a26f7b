"""Values in this process."""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from framework.cache.cache import Cache
from framework.cache.counters import number_in
from framework.cache.entries import Kept, kept
from framework.cache.tags import changed_version
from framework.errors import Unavailable

__all__ = ["MemoryCache"]

OVERHEAD = 200
"""Bytes that an entry takes besides its key and its value, about."""

OBJECT = 5
"""How much a value that nobody can change takes, for each of its bytes: it is there as an object too."""

SWEEP_PAUSE = 1.0
"""Seconds between two looks for what is over and nobody asked for."""


class MemoryCache(Cache):
    """Values in this process, gone with it. The one unused for longest goes when there are too many, or too much.

    What decides something - locks, counters, what was added - stays for its time. When that takes all the room there
    is, no more is decided: that is `Unavailable`.

    Other processes have their own: what they change is not seen here before its time is over.
    """

    def __init__(self, *, max_entries: int = 10_000, max_bytes: int = 100_000_000, **options: Any) -> None:
        super().__init__(**options)
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._decisions: dict[str, tuple[bytes, float]] = {}
        """What is not thrown out before its time is over."""
        self._decided = 0
        self._swept = 0.0
        self.size = 0
        """Bytes in use, about."""

    def __len__(self) -> int:
        return len(self._entries) + len(self._decisions)

    async def read(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Return what each key holds."""
        return [self.find(key) for key in keys]

    async def write(self, values: Mapping[str, bytes], ttl: float | None) -> None:
        """Let each key hold its bytes."""
        for key, value in values.items():
            self.put(key, value, ttl)

    async def write_new(self, key: str, value: bytes, ttl: float | None) -> bool:
        """Let `key` hold the bytes if it holds nothing."""
        if self.find(key) is not None:
            return False
        if self.tags.is_key(key):
            self.put(key, value, ttl)
        else:
            self._decide(key, value, ttl)
        return True

    async def renew(self, keys: Sequence[str], ttl: float) -> None:
        """Let each key hold another version."""
        for key in keys:
            self.put(key, changed_version(), ttl)

    async def remove(self, keys: Sequence[str]) -> None:
        """Let the keys hold nothing."""
        for key in keys:
            self.drop(key)

    async def count(self, key: str, amount: int, ttl: float | None) -> int:
        """Add to a number."""
        value = self.find(key)
        if value is None:
            self._decide(key, b"%d" % amount, ttl)
            return amount
        total = number_in(value, key) + amount
        new = b"%d" % total
        entries = self._kept_with(key)
        entries[key] = (new, entries[key][1])
        more = size_of(key, new) - size_of(key, value)
        self.size += more
        self._decided += more if entries is self._decisions else 0
        return total

    async def expire(self, key: str, ttl: float | None) -> bool:
        """Let `key` live for `ttl` seconds from now."""
        value = self.find(key)
        if value is not None:
            self.put(key, value, ttl)
        return value is not None

    async def remaining(self, keys: Sequence[str]) -> Sequence[float | None]:
        """Return for how long each key holds something."""
        return [self._remaining(key) for key in keys]

    def _remaining(self, key: str) -> float | None:
        if self.find(key) is None:
            return 0.0
        _, ends = self._kept_with(key)[key]
        return max(0.0, ends - time.monotonic()) if ends else None

    async def own_expire(self, key: str, value: bytes, ttl: float) -> bool:
        """Let `key` live for `ttl` seconds if it holds `value`."""
        return self.find(key) == value and await self.expire(key, ttl)

    async def own_remove(self, key: str, value: bytes) -> bool:
        """Let `key` hold nothing if it holds `value`."""
        held = self.find(key) == value
        if held:
            self.drop(key)
        return held

    async def close(self) -> None:
        """Stop making values in the background. What is kept stays."""
        await self.computing.close()

    def find(self, key: str) -> bytes | None:
        """Return what `key` holds, without waiting."""
        entry = self._entries.get(key)
        is_decision = entry is None
        if is_decision and (entry := self._decisions.get(key)) is None:
            return None
        value, ends = entry
        if ends and ends <= time.monotonic():
            self.drop(key)
            return None
        if not is_decision:
            self._entries.move_to_end(key)
        return value

    def put(self, key: str, value: bytes, ttl: float | None) -> None:
        """Let `key` hold the bytes, without waiting. What is larger than all the room is not kept."""
        if key in self._decisions:
            self._decide(key, value, ttl)
            return
        self.drop(key)
        value = kept(value)
        if size_of(key, value) > self._max_bytes:
            return
        self._entries[key] = (value, ends_after(ttl))
        self.size += size_of(key, value)
        self._make_room()

    def _decide(self, key: str, value: bytes, ttl: float | None) -> None:
        before = self._decisions.get(key)
        more = size_of(key, value) - (size_of(key, before[0]) if before is not None else 0)
        if self._decided + more > self._max_bytes:
            self._sweep()
            if self._decided + more > self._max_bytes:
                raise Unavailable("cache", retry_after=1, detail="Nothing more can be decided.", code="cache.full")
        self.drop(key)
        self._decisions[key] = (value, ends_after(ttl))
        self._decided += size_of(key, value)
        self.size += size_of(key, value)
        self._make_room()

    def _make_room(self) -> None:
        if self.size > self._max_bytes:
            self._sweep()
        while self._entries and (len(self._entries) > self._max_entries or self.size > self._max_bytes):
            oldest, (lost, ends) = next(iter(self._entries.items()))
            self.tags.lost(oldest, lost, ends)
            self.drop(oldest)

    def _sweep(self) -> None:
        """Drop what was decided and is over. Not each time: it looks at all."""
        now = time.monotonic()
        if now - self._swept >= SWEEP_PAUSE:
            self._swept = now
            for key in [key for key, (_, ends) in self._decisions.items() if ends and ends <= now]:
                self.drop(key)

    def _kept_with(self, key: str) -> dict[str, tuple[bytes, float]]:
        return self._entries if key in self._entries else self._decisions

    def drop(self, key: str) -> None:
        """Let `key` hold nothing, without waiting."""
        if (entry := self._entries.pop(key, None)) is not None:
            self.size -= size_of(key, entry[0])
        elif (entry := self._decisions.pop(key, None)) is not None:
            self.size -= size_of(key, entry[0])
            self._decided -= size_of(key, entry[0])

    def clear(self) -> None:
        """Let no key hold anything."""
        self._entries.clear()
        self._decisions.clear()
        self.size = self._decided = 0


def size_of(key: str, value: bytes) -> int:
    return len(key) + len(value) * (OBJECT if isinstance(value, Kept) else 1) + OVERHEAD


def ends_after(ttl: float | None) -> float:
    """Return when it is over, by `time.monotonic()`; 0 for never."""
    return time.monotonic() + ttl if ttl else 0
