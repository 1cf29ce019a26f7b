"""Values in a server, and near copies of them in this process."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from framework.cache.backends.memory import MemoryCache
from framework.cache.backends.redis import RedisCache
from framework.cache.cache import Cache

__all__ = ["TwoLevelCache"]


class TwoLevelCache(Cache):
    """Reads from memory what was read from the server before, and nobody has changed since: the server tells.

    It tells through the connection that reads, so no change can be missed between reading and listening. When that
    connection breaks, the near copies are dropped at once. A connection that is cut without a word is noticed after two
    time limits: for so long a copy may be older than what another process wrote.
    """

    shared: ClassVar[bool] = True

    def __init__(self, near: MemoryCache, far: RedisCache) -> None:
        super().__init__(prefix=far.prefix, version=far.version, ttl=far.ttl, jitter=far.jitter)
        self.near = near
        self.far = far
        self._reading: dict[str, object] = {}
        """Keys that are on their way here; one that changes meanwhile is not kept."""
        far.track(self._changed, self._lost)

    async def read(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Return what each key holds."""
        found = {key: self.near.find(key) for key in keys}
        missing = [key for key, value in found.items() if value is None]
        if missing:
            found.update(await self._fetch(missing))
        return [found[key] for key in keys]

    async def _fetch(self, keys: Sequence[str]) -> dict[str, bytes | None]:
        reading = object()
        self._reading.update(dict.fromkeys(keys, reading))
        found: dict[str, bytes | None] = {}
        try:
            for key, (value, left) in zip(keys, await self.far.read_living(keys), strict=True):
                found[key] = value
                if value is not None and left != 0 and self._reading.get(key) is reading:
                    self.near.put(key, value, left)
        finally:
            for key in keys:
                if self._reading.get(key) is reading:
                    del self._reading[key]
        return found

    def _changed(self, keys: Sequence[str] | None) -> None:
        if keys is None:
            self._lost()
        else:
            self._forget(keys)

    def _lost(self) -> None:
        self.near.clear()
        self._reading.clear()

    def _forget(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.near.drop(key)
            self._reading.pop(key, None)

    async def write(self, values: Mapping[str, bytes], ttl: float | None) -> None:
        """Let each key hold its bytes."""
        self._forget([*values])
        await self.far.write(values, ttl)

    async def renew(self, keys: Sequence[str], ttl: float) -> None:
        """Let each key hold another version, as soon as the server can be told."""
        self._forget(keys)
        await self.far.renew(keys, ttl)

    async def write_new(self, key: str, value: bytes, ttl: float | None) -> bool:
        """Let `key` hold the bytes if it holds nothing."""
        return await self.far.write_new(key, value, ttl)

    async def remove(self, keys: Sequence[str]) -> None:
        """Let the keys hold nothing, as soon as the server can be told."""
        self._forget(keys)
        await self.far.remove(keys)

    async def count(self, key: str, amount: int, ttl: float | None) -> int:
        """Add to a number."""
        self._forget([key])
        return await self.far.count(key, amount, ttl)

    async def expire(self, key: str, ttl: float | None) -> bool:
        """Let `key` live for `ttl` seconds from now."""
        self._forget([key])
        return await self.far.expire(key, ttl)

    async def remaining(self, keys: Sequence[str]) -> Sequence[float | None]:
        """Return for how long each key holds something."""
        return await self.far.remaining(keys)

    async def own_expire(self, key: str, value: bytes, ttl: float) -> bool:
        """Let `key` live for `ttl` seconds if it holds `value`."""
        self._forget([key])
        return await self.far.own_expire(key, value, ttl)

    async def own_remove(self, key: str, value: bytes) -> bool:
        """Let `key` hold nothing if it holds `value`."""
        self._forget([key])
        return await self.far.own_remove(key, value)

    async def write_new_and_read(
        self, key: str, value: bytes, ttl: float | None, keys: Sequence[str]
    ) -> tuple[bool, Sequence[bytes | None]]:
        """Do both in one turn, without a look at the near copies."""
        return await self.far.write_new_and_read(key, value, ttl, keys)

    async def write_and_own_remove(
        self, values: Mapping[str, bytes], ttl: float | None, key: str, value: bytes
    ) -> None:
        """Do both in one turn."""
        self._forget([*values, key])
        await self.far.write_and_own_remove(values, ttl, key, value)

    async def ping(self) -> None:
        """Raise `Unavailable` when the server doesn't answer."""
        await self.far.ping()

    async def close(self) -> None:
        """Close the connection, and drop the near copies."""
        await self.computing.close()
        await self.far.close()
        self.near.clear()
