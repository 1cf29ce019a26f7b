"""Every backend keeps the contract; against real servers where there is one."""

from collections.abc import AsyncGenerator

import pytest

from framework.cache import Cache, MemoryCache, NullCache, RedisCache, TwoLevelCache
from framework.testing.contracts import CacheContract


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
