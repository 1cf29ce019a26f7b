"""Every backend keeps the contract; against real servers where there is one."""

from collections.abc import AsyncGenerator, Generator

import pytest

from framework.cache import Cache, MemoryCache, NullCache, RedisCache, TwoLevelCache
from framework.testing.contracts import CacheContract
from tests.valkey import Server, cluster_of_three


class TestMemoryCache(CacheContract):
    @pytest.fixture
    async def cache(self) -> AsyncGenerator[Cache]:
        cache = MemoryCache(prefix="t:")
        yield cache
        await cache.close()


class TestNullCache(CacheContract):
    keeps = False

    @pytest.fixture
    async def cache(self) -> AsyncGenerator[Cache]:
        cache = NullCache(prefix="t:")
        yield cache
        await cache.close()


class TestRedisCache(CacheContract):
    @pytest.fixture
    async def cache(self, redis_url: str) -> AsyncGenerator[Cache]:
        cache = RedisCache(redis_url, prefix="t:", timeout=10)
        yield cache
        await cache.close()


class TestTwoLevelCache(CacheContract):
    @pytest.fixture
    async def cache(self, redis_url: str) -> AsyncGenerator[Cache]:
        cache = TwoLevelCache(MemoryCache(), RedisCache(redis_url, prefix="t:", timeout=10))
        yield cache
        await cache.close()


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Generator[list[Server]]:
    with cluster_of_three(tmp_path_factory.mktemp("cluster")) as nodes:
        yield nodes


class TestRedisClusterCache(CacheContract):
    """Of several nodes, so that one turn goes to more than one server."""

    @pytest.fixture
    async def cache(self, nodes: list[Server]) -> AsyncGenerator[Cache]:
        for node in nodes:
            node.ask("FLUSHALL")
        cache = RedisCache(f"redis+cluster://127.0.0.1:{nodes[0].port}", prefix="t:", timeout=10)
        yield cache
        await cache.close()
