"""Who waits for whom: nobody gets a value that was begun before what it has committed itself."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import select

from framework.cache import Cache, MemoryCache, RedisCache
from framework.cache.computing import Recipe
from framework.db import ReadSession, Session
from framework.testing.supervisor import free_port
from tests.cache.conftest import MakeProject
from tests.valkey import Server


class Number:
    """A number, read slowly by whoever is first."""

    def __init__(self) -> None:
        self.value = 1
        self.reads = 0
        self.is_read = asyncio.Event()
        self.go_on = asyncio.Event()

    async def read(self) -> int:
        self.reads += 1
        value, is_first = self.value, self.reads == 1
        self.is_read.set()
        if is_first:
            await self.go_on.wait()
        return value

    async def ask(self, cache: Cache, change: Callable[[], Awaitable[None]]) -> tuple[int, int]:
        """Return what one got who asked before the change, and one who asked after it while the first still waited."""
        first = asyncio.create_task(cache.get_or_set("number", self.read, int, tags=["number"]))
        await self.is_read.wait()
        self.value = 2
        await change()
        second = asyncio.create_task(cache.get_or_set("number", self.read, int, tags=["number"]))
        await asyncio.sleep(0.05)
        self.go_on.set()
        return await first, await second


@pytest.fixture
async def away() -> AsyncGenerator[RedisCache]:
    cache = RedisCache(f"redis://127.0.0.1:{free_port()}/0")
    yield cache
    await cache.close()


async def test_while_the_server_is_away_nobody_waits_for_what_was_begun_before_his_own_change(away: RedisCache) -> None:
    assert await Number().ask(away, lambda: away.invalidate("number")) == (1, 2)


async def test_while_the_server_is_away_all_others_still_wait_for_one(away: RedisCache) -> None:
    number = Number()
    asking = [asyncio.create_task(away.get_or_set("n", number.read, int, tags=["n"])) for _ in range(20)]
    await number.is_read.wait()
    await asyncio.sleep(0.05)
    number.go_on.set()
    assert await asyncio.gather(*asking) == [1] * 20
    assert number.reads == 1


async def test_a_server_that_came_back_empty_makes_nobody_wait_for_what_is_old(server: Server) -> None:
    cache = RedisCache(server.url)

    async def change() -> None:
        await cache.invalidate("number")
        server.ask("FLUSHALL")

    try:
        assert await Number().ask(cache, change) == (1, 2)
    finally:
        await cache.close()


async def test_what_a_value_depends_on_may_be_known_only_when_it_is_made() -> None:
    cache, number = MemoryCache(), Number()

    def get() -> Awaitable[int]:
        recipe = Recipe("number", cache.codecs.of(int), number.read, tags_of=lambda _: ["number"])
        return cache.computing.obtain(recipe)

    first = asyncio.create_task(get())
    await number.is_read.wait()
    number.value = 2
    await cache.invalidate("number")
    second = asyncio.create_task(get())
    await asyncio.sleep(0.05)
    number.go_on.set()
    assert (await first, await second) == (1, 2)


async def test_while_the_server_is_away_nobody_gets_what_another_saw_in_an_older_snapshot(
    make_project: MakeProject, away: RedisCache
) -> None:
    """He asks after the change, but has been reading since before."""
    project: Any = await make_project(away)
    from gazette.models import Post

    go_on = asyncio.Event()

    async def count(reading: ReadSession) -> int:
        async def make() -> int:
            found = (await reading.exec(select(func.count()).select_from(Post))).one()
            await go_on.wait()
            return found

        return await away.get_or_set("count", make, int, tags=[Post])

    async with project.scope() as scope, (await scope.get(ReadSession)).snapshot() as old:
        await old.exec(select(func.count()).select_from(Post))
        async with project.scope() as other:
            (await other.get(Session)).add(Post(title="t"))
        first = asyncio.create_task(count(old))
        await asyncio.sleep(0.05)

        async def later() -> int:
            async with project.scope() as another:
                return await count(await another.get(ReadSession))

        second = asyncio.create_task(later())
        await asyncio.sleep(0.05)
        go_on.set()
        assert (await first, await second) == (0, 1)
