"""Where counters live: in memory, or in Redis with memory behind it for when it is gone."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, cast

from framework.throttling.memory import MemoryStore
from framework.throttling.windows import Store

__all__ = ["Memory", "Redis", "Stores"]

_log = logging.getLogger("framework.throttling")


class Stores:
    """Has work done on a store."""

    def __init__(self, max_keys: int) -> None:
        self.memory = MemoryStore(max_keys)

    async def do[T](self, work: Callable[[Store], Awaitable[T]]) -> T:
        """Return what `work` makes of a store. Never fails for a store that doesn't answer."""
        return await work(self.memory)

    async def close(self) -> None:
        """Give back connections. Stores that are used again open new ones."""


class Memory(Stores):
    """Each process counts for itself."""


class Redis(Stores):
    """All processes count on one server; while it doesn't answer, each in memory."""

    def __init__(
        self, url: str, *, prefix: str, timeout: float, retry: float, max_connections: int, max_keys: int
    ) -> None:
        super().__init__(max_keys)
        # Not above: a project that counts in memory doesn't pay for the client.
        from limits.aio.storage import RedisStorage
        from redis.exceptions import RedisError

        from framework.cache import redis_client

        client, self._close = redis_client(url, timeout=timeout, max_connections=max_connections)

        class OnClient(RedisStorage):
            """The storage of `limits`, whose scripts count atomically, on a client that has time limits and an end."""

            def configure_bridge(self) -> None:
                def connection(readonly: bool) -> Any:
                    return client

                bridge: Any = self.bridge
                bridge.storage, bridge.connection_getter = client, connection

        self._server = cast("Store", OnClient("async+redis://", implementation="redispy", key_prefix=prefix))
        self._failures = (RedisError, OSError, TimeoutError)
        self._timeout = timeout
        self._retry = retry
        self._gone_until: float | None = None

    async def do[T](self, work: Callable[[Store], Awaitable[T]]) -> T:
        """Return what `work` makes of the server, or of memory when that doesn't answer in time."""
        if self._gone_until is not None:
            if monotonic() < self._gone_until:
                return await work(self.memory)
            self._gone_until = monotonic() + self._retry  # one goes and looks, the others don't wait for it
        try:
            async with asyncio.timeout(self._timeout):
                result = await work(self._server)
        except self._failures as error:
            if self._gone_until is None:
                _log.error("The server of throttling is gone, each process counts in memory: %s.", type(error).__name__)
            self._gone_until = monotonic() + self._retry
            return await work(self.memory)
        if self._gone_until is not None:
            self._gone_until = None
            _log.warning("The server of throttling answers again.")
        return result

    async def close(self) -> None:
        """Close the connections."""
        await self._close()
