"""Values in this process."""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from framework.cache.cache import Cache
from framework.cache.counters import number_in
from framework.cache.tags import changed_version

__all__ = ["MemoryCache"]

OVERHEAD = 200
"""Bytes that an entry takes besides its key and its value, about."""


class MemoryCache(Cache):
    """Values in this process, gone with it. The one unused for longest goes when there are too many, or too much.

    Other processes have their own: what they change is not seen here before its time is over.
    """

    def __init__(self, *, max_entries: int = 10_000, max_bytes: int = 100_000_000, **options: Any) -> None:
        super().__init__(**options)
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self.size = 0
        """Bytes in use, about."""

    def __len__(self) -> int:
        return len(self._entries)

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
        self.put(key, value, ttl)
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
            self.put(key, b"%d" % amount, ttl)
            return amount
        total = number_in(value, key) + amount
        new = b"%d" % total
        self._entries[key] = (new, self._entries[key][1])
        self.size += len(new) - len(value)
        return total

    async def expire(self, key: str, ttl: float | None) -> bool:
        """Let `key` live for `ttl` seconds from now."""
        value = self.find(key)
        if value is not None:
            self.put(key, value, ttl)
        return value is not None

    async def remaining(self, keys: Sequence[str]) -> Sequence[float | None]:
        """Return for how long each key holds something."""
        now = time.monotonic()
        return [
            (max(0.0, self._entries[key][1] - now) if self._entries[key][1] else None) if self.find(key) else 0.0
            for key in keys
        ]

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
        if entry is None:
            return None
        value, ends = entry
        if ends and ends <= time.monotonic():
            self.drop(key)
            return None
        self._entries.move_to_end(key)
        return value

    def put(self, key: str, value: bytes, ttl: float | None) -> None:
        """Let `key` hold the bytes, without waiting. What is larger than all the room is not kept."""
        self.drop(key)
        self._entries[key] = (value, time.monotonic() + ttl if ttl else 0)
        self.size += len(key) + len(value) + OVERHEAD
        while len(self._entries) > self._max_entries or self.size > self._max_bytes:
            oldest, (lost, ends) = next(iter(self._entries.items()))
            self.tags.lost(oldest, lost, ends)
            self.drop(oldest)

    def drop(self, key: str) -> None:
        """Let `key` hold nothing, without waiting."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= len(key) + len(entry[0]) + OVERHEAD

    def clear(self) -> None:
        """Let no key hold anything."""
        self._entries.clear()
        self.size = 0
