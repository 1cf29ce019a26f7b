"""What a cache is, and the two that come with the framework."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

from framework.errors import ImproperlyConfigured, Unavailable

__all__ = ["Cache", "MemoryCache", "RedisCache"]


class Cache(ABC):
    """Bytes under a key, for a while. A value may be gone at any time; `Unavailable` means that nobody could tell."""

    @abstractmethod
    async def get(self, key: str) -> bytes | None:
        """Return the value of `key`, or `None` when there is none or its time is over."""

    @abstractmethod
    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Keep `value` for `ttl` seconds, the settings' when left out; 0 keeps it until it is removed."""

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Remove `key`. Nothing happens when there is none."""

    async def ping(self) -> None:  # noqa: B027 - memory has nothing to ask
        """Raise `Unavailable` when the cache cannot be used."""

    async def close(self) -> None:  # noqa: B027 - and nothing to give back
        """Give back what the cache holds. A cache that is used again opens anew."""


class MemoryCache(Cache):
    """Values in this process, gone with it. The one unused for longest goes when there are too many."""

    def __init__(self, *, ttl: float = 300, max_entries: int = 10_000) -> None:
        self._ttl = ttl
        self._max_entries = max_entries
        self._entries: OrderedDict[str, tuple[bytes, float]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        """Return the value of `key`, or `None` when there is none or its time is over."""
        value, ends = self._entries.get(key, (None, 0))
        if ends and ends <= time.monotonic():
            del self._entries[key]
            return None
        if value is not None:
            self._entries.move_to_end(key)
        return value

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Keep `value` for `ttl` seconds, the settings' when left out; 0 keeps it until it is removed."""
        seconds = self._ttl if ttl is None else ttl
        self._entries[key] = (value, time.monotonic() + seconds if seconds else 0)
        self._entries.move_to_end(key)
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    async def delete(self, key: str) -> None:
        """Remove `key`. Nothing happens when there is none."""
        self._entries.pop(key, None)


class RedisCache(Cache):
    """Values in a Redis or Valkey server, shared by all processes. No call takes longer than `timeout` seconds."""

    def __init__(
        self, url: str, *, prefix: str = "", ttl: float = 300, timeout: float = 2, max_connections: int = 20
    ) -> None:
        # Not above: a project whose cache is in memory doesn't pay half a second for the client.
        from redis.asyncio import BlockingConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        try:
            pool = BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType] - untyped keywords
                url,
                max_connections=max_connections,
                timeout=timeout,
                socket_timeout=timeout,
                socket_connect_timeout=timeout,
                # Once more, at once: a server that was restarted leaves closed connections in the pool.
                retry=Retry(NoBackoff(), 1),
            )
        except ValueError as error:
            raise ImproperlyConfigured(f"The URL of the cache cannot be used: {error}.", code="cache.url") from None
        self._client = Redis.from_pool(pool)
        self._prefix = prefix
        self._ttl = ttl
        self._timeout = timeout

    async def get(self, key: str) -> bytes | None:
        """Return the value of `key`, or `None` when there is none or its time is over."""
        async with self._answering():
            return cast("bytes | None", await self._client.get(self._prefix + key))

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Keep `value` for `ttl` seconds, the settings' when left out; 0 keeps it until it is removed."""
        seconds = self._ttl if ttl is None else ttl
        async with self._answering():
            await self._client.set(self._prefix + key, value, px=max(1, round(seconds * 1000)) if seconds else None)

    async def delete(self, key: str) -> None:
        """Remove `key`. Nothing happens when there is none."""
        async with self._answering():
            await self._client.delete(self._prefix + key)

    async def ping(self) -> None:
        """Raise `Unavailable` when the server doesn't answer in time."""
        async with self._answering():
            await self._client.ping()  # pyright: ignore[reportUnknownMemberType] - untyped keywords

    async def close(self) -> None:
        """Close the connections. A cache that is used again opens new ones."""
        await self._client.aclose()

    @asynccontextmanager
    async def _answering(self) -> AsyncGenerator[None]:
        from redis.exceptions import RedisError

        try:
            async with asyncio.timeout(self._timeout):
                yield
        except (RedisError, OSError, TimeoutError) as error:
            # The client's own words may hold the address, and clients of the project read `detail`.
            raise Unavailable("cache", retry_after=self._timeout, code="cache.unavailable") from error
