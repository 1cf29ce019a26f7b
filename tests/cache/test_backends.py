"""The caches: one contract for both, and what only a server can do wrong."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from framework.cache import Cache, MemoryCache, RedisCache
from framework.errors import ImproperlyConfigured, Unavailable


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncGenerator[Cache]:
    if request.param == "memory":
        cache: Cache = MemoryCache()
    else:
        cache = RedisCache(request.getfixturevalue("redis_url"), prefix="t:")
    yield cache
    await cache.close()


async def test_what_is_set_comes_back_as_bytes(cache: Cache) -> None:
    await cache.set("ä key", b"\x00\xff")
    assert await cache.get("ä key") == b"\x00\xff"
    await cache.set("ä key", b"")
    assert await cache.get("ä key") == b""


async def test_what_was_never_set_is_none(cache: Cache) -> None:
    assert await cache.get("none") is None


async def test_what_is_deleted_is_gone_and_deleting_nothing_is_fine(cache: Cache) -> None:
    await cache.set("k", b"v")
    await cache.delete("k")
    await cache.delete("k")
    assert await cache.get("k") is None


async def test_a_value_is_gone_when_its_time_is_over(cache: Cache) -> None:
    await cache.set("short", b"v", ttl=0.05)
    await cache.set("long", b"v", ttl=60)
    assert await cache.get("short") == b"v"
    await asyncio.sleep(0.1)
    assert await cache.get("short") is None
    assert await cache.get("long") == b"v"


async def test_setting_again_starts_the_time_again(cache: Cache) -> None:
    await cache.set("k", b"v", ttl=0.05)
    await cache.set("k", b"w", ttl=60)
    await asyncio.sleep(0.1)
    assert await cache.get("k") == b"w"


async def test_a_cache_that_was_closed_opens_anew(cache: Cache) -> None:
    await cache.set("k", b"v")
    await cache.close()
    assert await cache.get("k") == b"v"


async def test_many_callers_at_once_each_get_their_own_value(cache: Cache) -> None:
    async def work(number: int) -> bytes | None:
        await cache.set(str(number), str(number).encode())
        return await cache.get(str(number))

    assert await asyncio.gather(*map(work, range(200))) == [str(number).encode() for number in range(200)]


async def test_the_settings_say_how_long_when_the_writer_does_not(redis_url: str) -> None:
    for cache in (MemoryCache(ttl=0.05), RedisCache(redis_url, ttl=0.05)):
        await cache.set("k", b"v")
        await cache.set("forever", b"v", ttl=0)
        await asyncio.sleep(0.1)
        assert await cache.get("k") is None
        assert await cache.get("forever") == b"v"
        await cache.close()


async def test_memory_drops_the_value_unused_for_longest() -> None:
    cache = MemoryCache(max_entries=2)
    await cache.set("a", b"a")
    await cache.set("b", b"b")
    await cache.get("a")
    await cache.set("c", b"c")
    assert [await cache.get(key) for key in "abc"] == [b"a", None, b"c"]


async def test_prefixes_keep_projects_on_one_server_apart(redis_url: str) -> None:
    one, two = RedisCache(redis_url, prefix="one:"), RedisCache(redis_url, prefix="two:")
    await one.set("k", b"1")
    assert await two.get("k") is None
    await two.delete("k")
    assert await one.get("k") == b"1"
    client: Any = Redis.from_url(redis_url)
    assert await client.keys() == [b"one:k"]
    assert 0 < await client.pttl("one:k") <= 300_000
    await client.aclose()
    await one.close()
    await two.close()


CALLS: list[Callable[[Cache], Any]] = [
    lambda cache: cache.get("k"),
    lambda cache: cache.set("k", b"v"),
    lambda cache: cache.delete("k"),
    lambda cache: cache.ping(),
]


@pytest.mark.parametrize("call", CALLS)
async def test_a_server_that_is_not_there_is_unavailable(call: Callable[[Cache], Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    cache = RedisCache(f"redis://:hunter2@127.0.0.1:{port}")
    with pytest.raises(Unavailable) as caught:
        await call(cache)
    assert caught.value.subject == "cache"
    assert caught.value.retry_after == 2
    assert "hunter2" not in str(caught.value) + str(caught.value.__cause__)


@pytest.mark.parametrize("call", CALLS)
async def test_a_server_that_says_nothing_is_unavailable_in_time(call: Callable[[Cache], Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:  # accepts in its backlog, and never answers
        cache = RedisCache(f"redis://127.0.0.1:{listener.getsockname()[1]}", timeout=0.2)
        start = time.perf_counter()
        with pytest.raises(Unavailable):
            await call(cache)
        assert time.perf_counter() - start < 1
        await cache.close()


async def test_waiting_for_a_connection_counts(redis_url: str) -> None:
    cache = RedisCache(redis_url, timeout=0.3, max_connections=1)
    client: Any = Redis.from_url(redis_url)
    await cache.ping()
    await client.client_pause(600)
    start = time.perf_counter()
    results = await asyncio.gather(*(cache.get("k") for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable] * 5
    assert time.perf_counter() - start < 0.6
    await client.client_unpause()
    assert await cache.get("k") is None
    await client.aclose()
    await cache.close()


async def test_a_call_that_was_cancelled_leaves_no_answer_for_the_next(redis_url: str) -> None:
    cache = RedisCache(redis_url, max_connections=1)
    client: Any = Redis.from_url(redis_url)
    await cache.set("a", b"a")
    await cache.set("b", b"b")
    for _ in range(20):
        await client.client_pause(30)
        task = asyncio.create_task(cache.get("a"))
        await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await cache.get("b") == b"b"
    await client.aclose()
    await cache.close()


async def test_connections_that_the_server_closed_are_opened_anew(redis_url: str) -> None:
    cache = RedisCache(redis_url)
    client: Any = Redis.from_url(redis_url)
    await cache.set("k", b"v")
    await client.client_kill_filter(_type="normal", skipme=True)
    assert await cache.get("k") == b"v"
    await client.aclose()
    await cache.close()


@pytest.mark.parametrize("url", ["redis://localhost/0?socket_timeout=soon", "redis://localhost:port/0"])
def test_a_url_that_the_client_refuses_is_refused_at_load(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="The URL of the cache cannot be used") as caught:
        RedisCache(url)
    assert caught.value.code == "cache.url"
