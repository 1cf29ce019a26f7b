"""Who waits for whom: nobody gets a value that was begun before what it has committed itself."""

import asyncio
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextvars import copy_context
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import select

from framework.cache import Cache, MemoryCache, RedisCache
from framework.cache.computing import Recipe
from framework.cache.flights import Unshared
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


async def test_nobody_waits_for_what_was_begun_before_a_change_of_another_process(redis_url: str) -> None:
    one, two = RedisCache(redis_url, timeout=10), RedisCache(redis_url, timeout=10)
    try:
        assert await Number().ask(one, lambda: two.invalidate("number")) == (1, 2)
    finally:
        await one.close()
        await two.close()


async def test_nobody_gets_what_another_read_before_a_change_that_was_told_since(redis_url: str) -> None:
    """The answer to who asked first is on its way, with a value of another process, while that changes it."""
    here, there = RedisCache(redis_url, prefix="late:"), RedisCache(redis_url, prefix="late:")
    number, is_read, go_on = Number(), asyncio.Event(), asyncio.Event()
    number.go_on.set()
    answered = here.write_new_and_read

    async def answered_late(*args: Any) -> Any:
        here.write_new_and_read = answered  # type: ignore[method-assign]
        await there.get_or_set("number", number.read, int, tags=["number"])
        answer = await answered(*args)
        is_read.set()
        await go_on.wait()
        return answer

    here.write_new_and_read = answered_late  # type: ignore[method-assign]
    first = asyncio.create_task(here.get_or_set("number", number.read, int, tags=["number"]))
    await is_read.wait()
    number.value = 2
    await there.invalidate("number")
    others = [asyncio.create_task(here.get_or_set("number", number.read, int, tags=["number"])) for _ in range(9)]
    await asyncio.sleep(0.05)
    go_on.set()
    assert await first == 1
    assert await asyncio.gather(*others) == [2] * 9
    assert number.reads == 2
    await here.close()
    await there.close()


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


# When it fails ------------------------------------------------------------------------------------------------------


class Work:
    """Takes a moment, and does what it is told to."""

    def __init__(self, *outcomes: Exception | int) -> None:
        self.outcomes = outcomes
        self.calls = self.now = self.most = 0

    async def do(self) -> int:
        outcome = self.outcomes[min(self.calls, len(self.outcomes) - 1)]
        self.calls += 1
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.02)
        self.now -= 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def test_when_it_fails_those_who_wait_try_once_more_together_and_then_fail_too() -> None:
    cache, work = MemoryCache(), Work(ConnectionError("the database is gone"))
    asking = (cache.get_or_set("k", work.do, int) for _ in range(300))
    errors = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(error) for error in errors} == {ConnectionError}
    assert (work.calls, work.most) == (2, 1)
    deepest = max(len(traceback.extract_tb(error.__traceback__)) for error in errors if isinstance(error, Exception))
    assert deepest < 20  # it does not grow with everybody who raises it


async def test_the_trouble_of_one_is_not_that_of_those_who_wait() -> None:
    cache, work = MemoryCache(), Work(PermissionError("only mine"), 7)
    found = await asyncio.gather(*(cache.get_or_set("k", work.do, int) for _ in range(300)), return_exceptions=True)
    assert [type(each) for each in found if each != 7] == [PermissionError]
    assert work.calls == 2


async def test_those_who_wait_for_what_is_not_theirs_make_their_own_all_at_once() -> None:
    cache, work = MemoryCache(), Work(*(Unshared(number) for number in range(20)))
    errors = await asyncio.gather(*(cache.get_or_set("k", work.do, int) for _ in range(20)), return_exceptions=True)
    assert sorted(error.args[0] for error in errors if isinstance(error, Unshared)) == list(range(20))
    assert work.most == 19


async def test_of_those_who_wait_for_one_that_has_read_too_early_one_makes_it_for_all(
    make_project: MakeProject,
) -> None:
    cache = MemoryCache()
    project: Any = await make_project(cache)
    from gazette.models import Post

    calls = 0
    go_on = asyncio.Event()

    async def count(reading: ReadSession) -> int:
        async def make() -> int:
            nonlocal calls
            calls += 1
            found = (await reading.exec(select(func.count()).select_from(Post))).one()
            await go_on.wait()
            return found

        return await cache.get_or_set("count", make, int, tags=[Post])

    async def ask() -> int:
        async with project.scope() as scope:
            return await count(await scope.get(ReadSession))

    outside = copy_context()
    async with project.scope() as scope, (await scope.get(ReadSession)).snapshot() as old:
        await old.exec(select(func.count()).select_from(Post))
        async with project.scope() as other:
            (await other.get(Session)).add(Post(title="t"))
        first = asyncio.create_task(count(old))
        await asyncio.sleep(0.01)
        others = [asyncio.create_task(ask(), context=outside.copy()) for _ in range(20)]
        await asyncio.sleep(0.05)
        go_on.set()
        assert (await first, set(await asyncio.gather(*others))) == (0, {1})
    assert calls == 2


# When it is stale ---------------------------------------------------------------------------------------------------


async def test_a_stale_value_is_made_anew_by_one_caller_while_it_waits_and_others_get_the_old_one() -> None:
    """Its means, such as a session, are its own: nothing may use them while it goes on."""
    cache, number = MemoryCache(jitter=0), Number()
    number.go_on.set()

    def ask() -> asyncio.Task[int]:
        return asyncio.create_task(cache.get_or_set("n", number.read, int, ttl=0.01, stale=60))

    assert await ask() == 1
    await asyncio.sleep(0.02)
    number.value, number.reads = 2, 0
    number.is_read.clear()
    number.go_on.clear()
    first = ask()
    await number.is_read.wait()
    assert [await ask() for _ in range(5)] == [1] * 5
    assert not first.done()
    number.go_on.set()
    assert await first == 2
    assert number.reads == 1
    assert await ask() == 2


async def test_a_stale_value_that_its_caller_cannot_make_anew_is_returned(caplog: pytest.LogCaptureFixture) -> None:
    cache, work = MemoryCache(jitter=0), Work(1, LookupError("gone"), 2)
    for wanted in (1, 1, 2):
        assert await cache.get_or_set("n", work.do, int, ttl=0.01, stale=60) == wanted
        await asyncio.sleep(0.02)
    assert [record.exc_info is not None for record in caplog.records] == [True]


async def test_of_the_callers_in_two_processes_one_makes_a_stale_value_anew(redis_url: str) -> None:
    caches = [RedisCache(redis_url, timeout=10, jitter=0) for _ in range(2)]
    work, go_on = Work(1, 2), asyncio.Event()

    async def make() -> int:
        await go_on.wait()
        return await work.do()

    await caches[0].get_or_set("stale", work.do, int, ttl=0.01, stale=60)
    await asyncio.sleep(0.02)
    everybody = [cache.get_or_set("stale", make, int, ttl=60, stale=60) for cache in caches for _ in range(20)]
    asking = [asyncio.create_task(each) for each in everybody]
    async with asyncio.timeout(20):
        while sum(task.done() for task in asking) < 39:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)
    go_on.set()
    assert sorted(await asyncio.gather(*asking)) == [1] * 39 + [2]
    assert work.calls == 2
    for cache in caches:
        await cache.close()
