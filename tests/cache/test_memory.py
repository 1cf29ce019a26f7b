"""The cache in memory: what it drops, and what it holds no more of than it may."""

import asyncio

from framework.cache import MemoryCache


async def test_the_value_unused_for_longest_goes_first() -> None:
    cache = MemoryCache(max_entries=2)
    await cache.set("a", 1)
    await cache.set("b", 2)
    await cache.get("a")
    await cache.set("c", 3)
    assert await cache.get_many("abc") == {"a": 1, "c": 3}


async def test_values_take_no_more_memory_than_allowed() -> None:
    cache = MemoryCache(max_bytes=10_000)
    for number in range(100):
        await cache.set(str(number), b"x" * 1000)
    assert 5_000 < cache.size <= 10_000
    assert await cache.get("99", bytes) is not None
    await cache.set("larger than all", b"x" * 20_000)
    assert await cache.get("larger than all", bytes) is None
    cache.clear()
    assert (cache.size, len(cache)) == (0, 0)


async def test_the_size_is_counted_right_whatever_happens_to_a_key() -> None:
    cache = MemoryCache()
    await cache.set("a", "long " * 100)
    await cache.set("a", "s", ttl=0.01)
    await cache.increment("n")
    await cache.increment("n", 10**12)
    await cache.touch("n", ttl=0.01)
    await cache.delete("none")
    await asyncio.sleep(0.02)
    await cache.get_many(["a", "n"])
    assert (cache.size, len(cache)) == (0, 0)
