"""Who is cancelled while it acquires, holds or releases a lock leaves it to others at once."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from framework.cache import Cache, MemoryCache, RedisCache, TwoLevelCache, cached
from framework.cache.computing import Recipe
from framework.errors import FrameworkError, Unavailable
from tests.valkey import Server

TURNS = 30
"""More turns of the event loop than any of this takes."""


@pytest.fixture(params=["server", "near copies"])
async def caches(request: pytest.FixtureRequest, redis_url: str) -> AsyncGenerator[tuple[Cache, Cache]]:
    """The caches of two processes."""
    far = RedisCache(redis_url, timeout=10)
    one = TwoLevelCache(MemoryCache(), far) if request.param == "near copies" else far
    two = RedisCache(redis_url, timeout=10)
    await one.ping()
    yield one, two
    await one.close()
    await two.close()


async def cancelled_after(turns: int, work: Awaitable[object]) -> None:
    task = asyncio.ensure_future(work)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])


async def none_left(cache: Cache, what: Callable[[int], str]) -> None:
    """Return when nobody holds any of the locks. They would end by themselves after a minute."""
    async with asyncio.timeout(5):
        while any(await cache.remaining([what(turns) for turns in range(TURNS)])):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)


async def test_who_is_cancelled_while_it_makes_a_value_lets_the_next_make_it(caches: tuple[Cache, Cache]) -> None:
    one, two = caches

    async def make() -> int:
        await asyncio.sleep(0)
        return 7

    for turns in range(TURNS):
        recipe = Recipe(one.key(f"k{turns}"), one.codecs.of(int), make, lock=60, tags=("t",))
        await cancelled_after(turns, one.computing.obtain(recipe))
    await none_left(two, lambda turns: f"making:1:k{turns}")
    async with asyncio.timeout(5):
        for turns in range(TURNS):
            assert await two.get_or_set(f"k{turns}", make, int, tags=["t"]) == 7


async def test_who_is_cancelled_while_it_holds_a_lock_lets_go(caches: tuple[Cache, Cache]) -> None:
    one, two = caches

    async def hold(name: str) -> None:
        async with one.lock(name, ttl=60):
            await asyncio.sleep(0)

    for turns in range(TURNS):
        await cancelled_after(turns, hold(str(turns)))
    await none_left(two, lambda turns: f"lock:{turns}")


async def test_who_is_cancelled_before_the_server_answers_lets_go_before_the_cache_is_closed(server: Server) -> None:
    one, two = RedisCache(server.url, timeout=10), RedisCache(server.url, timeout=10)
    await one.ping()
    server.pause()
    acquiring = asyncio.create_task(one.lock("import", ttl=60).__aenter__())
    await asyncio.sleep(0.02)  # it is on its way
    acquiring.cancel()
    await asyncio.wait([acquiring])
    closing = asyncio.create_task(one.close())
    await asyncio.sleep(0)
    server.resume()
    await closing
    async with two.lock("import", wait=0):
        pass
    await two.close()


HOLDER = """
import asyncio, sys
from framework.cache import RedisCache

async def main():
    async with RedisCache(sys.argv[1], timeout=10).lock("import", ttl=0.6):
        print("held", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_of_a_process_that_is_killed_a_lock_is_free_after_its_time_and_not_before(redis_url: str) -> None:
    cache = RedisCache(redis_url, timeout=10)
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, redis_url, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert await holder.stdout.readline() == b"held\n"
        with pytest.raises(Unavailable):  # renewed, for longer than its time
            await cache.lock("import", wait=0.8).__aenter__()
    finally:
        holder.kill()
        await holder.wait()
    assert all(await cache.remaining(["lock:import"]))
    async with asyncio.timeout(5), cache.lock("import"):
        pass
    await cache.close()


@pytest.mark.parametrize("ttl", [0, -1])
async def test_a_lock_that_would_never_end_is_refused(ttl: float) -> None:
    async def asked() -> int:
        return 1

    with pytest.raises(FrameworkError, match="cannot be for") as caught:
        async with MemoryCache().lock("name", ttl=ttl):
            pass
    assert caught.value.code == "cache.lock"
    with pytest.raises(FrameworkError, match="cannot be for"):
        cached(lock=ttl)(asked)
