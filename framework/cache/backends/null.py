"""No values at all."""

from collections.abc import Mapping, Sequence
from typing import Any

from framework.cache.backends.memory import MemoryCache
from framework.cache.cache import Cache

__all__ = ["NullCache"]


class NullCache(Cache):
    """Keeps nothing: everything is made anew each time. Locks and counters work, within this process."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._decisions = MemoryCache(**options)

    async def read(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Return nothing."""
        return [None] * len(keys)

    async def write(self, values: Mapping[str, bytes], ttl: float | None) -> None:
        """Keep nothing."""

    async def renew(self, keys: Sequence[str], ttl: float) -> None:
        """Keep nothing."""

    async def write_new(self, key: str, value: bytes, ttl: float | None) -> bool:
        """Let the first caller win, as if the bytes were kept."""
        return await self._decisions.write_new(key, value, ttl)

    async def remove(self, keys: Sequence[str]) -> None:
        """Forget who won."""
        await self._decisions.remove(keys)

    async def count(self, key: str, amount: int, ttl: float | None) -> int:
        """Add to a number."""
        return await self._decisions.count(key, amount, ttl)

    async def expire(self, key: str, ttl: float | None) -> bool:
        """Let a decision live on."""
        return await self._decisions.expire(key, ttl)

    async def remaining(self, keys: Sequence[str]) -> Sequence[float | None]:
        """Return for how long decisions live."""
        return await self._decisions.remaining(keys)

    async def own_expire(self, key: str, value: bytes, ttl: float) -> bool:
        """Let a decision live on."""
        return await self._decisions.own_expire(key, value, ttl)

    async def own_remove(self, key: str, value: bytes) -> bool:
        """Forget a decision."""
        return await self._decisions.own_remove(key, value)

    async def close(self) -> None:
        """Stop making values in the background."""
        await self.computing.close()
