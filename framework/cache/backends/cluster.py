"""A cluster, through the client that knows its slots."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from redis.asyncio.cluster import RedisCluster
from redis.exceptions import ConnectionError as LostConnection

from framework.cache.backends.wire import Command

__all__ = ["Cluster"]


class Cluster:
    """Sends each command to the node that has its key."""

    def __init__(self, client: RedisCluster, timeout: float) -> None:
        self._client: Any = client
        self._timeout = timeout

    async def ask(self, *commands: Command) -> list[Any]:
        """Send the commands and return the answers; errors of the server among them are not raised."""
        async with asyncio.timeout(self._timeout):
            pipeline = self._client.pipeline()
            for command in commands:
                pipeline.execute_command(*command)
            return await pipeline.execute(raise_on_error=False)

    async def reach(self) -> None:
        """Raise unless every node that has keys answers, and knows the others again: it says PONG before."""
        async with asyncio.timeout(self._timeout):
            await self._client.initialize()
            for node in self._client.get_primaries():
                state = (await self._client.cluster_info(target_nodes=node))["cluster_state"]
                if state != "ok":
                    raise LostConnection(f"the state of the cluster is {state}")

    async def keys(self, pattern: str) -> AsyncGenerator[list[bytes]]:
        """Yield the keys that match a pattern, of all nodes."""
        async for key in self._client.scan_iter(match=pattern, count=1000):
            yield [key]

    def reset(self) -> None:
        """Do nothing: the client looks for the nodes itself."""

    async def close(self) -> None:
        """Close the connections. The next caller opens others."""
        await self._client.aclose()
