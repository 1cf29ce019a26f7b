"""The cache in memory: what it drops, and what it holds no more of than it may."""

import asyncio
import tracemalloc
from typing import Any

import pytest

from framework.cache import MemoryCache
from framework.cache.backends import memory
from framework.errors import Unavailable


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


@pytest.mark.parametrize("type_", [str, tuple[str, ...], list[str]])
async def test_values_that_were_read_take_no_more_memory_than_allowed_either(type_: Any) -> None:
    cache = MemoryCache(max_bytes=2_000_000)
    tracemalloc.start()
    try:
        for number in range(200):
            value = chr(97 + number % 26) * 20_000
            await cache.set(str(number), value if type_ is str else [value], type_)
            await cache.get(str(number), type_)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 1_000_000 < taken < 2_200_000


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


async def test_a_value_larger_than_all_the_room_takes_none() -> None:
    cache = MemoryCache(max_bytes=10_000)
    await cache.set_many({str(number): number for number in range(20)})
    await cache.set("0", b"x" * 20_000)
    assert await cache.get("0", bytes) is None
    assert len(cache) == 19


async def test_what_was_decided_stays_however_many_values_come() -> None:
    cache = MemoryCache(max_entries=10, max_bytes=10_000)
    assert await cache.add("once", 1, ttl=60)
    await cache.increment("visits")
    async with cache.lock("import") as lock:
        for number in range(100):
            await cache.set(str(number), b"x" * 500)
        assert lock.held
        with pytest.raises(Unavailable):
            await cache.lock("import", wait=0).__aenter__()
    assert not await cache.add("once", 2)
    assert await cache.get("once", int) == 1
    assert await cache.increment("visits") == 2
    assert await cache.get("99", bytes) is not None
    assert cache.size <= 10_000


async def test_no_more_is_decided_than_there_is_room_for_until_some_of_it_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "SWEEP_PAUSE", 0)
    cache = MemoryCache(max_bytes=10_000)
    await cache.set("value", 1)
    added = 0

    async def add() -> None:
        nonlocal added
        while await cache.add(f"once {added}", 1, ttl=0.1):
            added += 1

    with pytest.raises(Unavailable) as caught:
        await add()
    assert caught.value.code == "cache.full"
    assert added > 20
    assert not await cache.add("once 0", 2)
    await asyncio.sleep(0.15)
    assert await cache.add("later", 1)
    assert len(cache) == 1


async def test_a_value_may_depend_on_any_number_of_tags_however_long_they_are() -> None:
    cache = MemoryCache(max_entries=100_000)
    await cache.set("k", 1, tags=[*map(str, range(70_000)), "x" * 70_000])
    assert await cache.get("k") == 1
    await cache.invalidate("69999")
    assert await cache.get("k") is None
