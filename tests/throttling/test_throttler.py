"""Counting without the web: on memory and on a real server, with fixed and with sliding windows."""

import asyncio
import logging
from time import monotonic

import pytest
from redis import asyncio as redis

from framework import Project, Settings
from framework.errors import ImproperlyConfigured, Throttled
from framework.throttling import Rate, Throttler
from framework.throttling.stores import Memory, Redis
from framework.throttling.windows import FixedWindows, SlidingWindows
from tests.valkey import MakeServer, Server


def redis_stores(url: str, *, timeout: float = 2, retry: float = 5) -> Redis:
    return Redis(url, prefix="t:", timeout=timeout, retry=retry, max_connections=20, max_keys=1000)


async def test_hits_within_the_rate_pass_and_say_how_many_are_left(throttler: Throttler) -> None:
    left = [(await throttler.hit("login", "ann", "3/hour"))[0].remaining for _ in range(3)]
    assert left == [2, 1, 0]


async def test_one_beyond_is_refused_with_the_numbers(throttler: Throttler) -> None:
    for _ in range(3):
        await throttler.hit("login", "ann", "3/hour")
    with pytest.raises(Throttled) as caught:
        await throttler.hit("login", "ann", "3/hour")
    assert (caught.value.limit, caught.value.window) == (3, 3600)
    assert 0 < caught.value.retry_after <= 7200
    assert caught.value.detail.startswith("Too many requests. Try again in ")


async def test_names_and_keys_are_counted_apart(throttler: Throttler) -> None:
    await throttler.hit("login", "ann", "1/hour")
    await throttler.hit("login", "bob", "1/hour")
    await throttler.hit("reset", "ann", "1/hour")
    with pytest.raises(Throttled):
        await throttler.hit("login", "ann", "1/hour")


async def test_no_key_that_a_caller_makes_up_is_that_of_another_name(throttler: Throttler) -> None:
    await throttler.hit("a", "b:c", "1/hour")
    await throttler.hit("a:b", "c", "1/hour")
    await throttler.hit("a", "x" * 100_000 + "1", "1/hour")
    await throttler.hit("a", "x" * 100_000 + "2", "1/hour")
    await throttler.hit("a", "\ud800 no unicode", "1/hour")


async def test_a_test_counts_nothing(throttler: Throttler) -> None:
    for _ in range(5):
        (usage,) = await throttler.test("login", "ann", "2/hour")
        assert (usage.allowed, usage.remaining) == (True, 2)
    await throttler.hit("login", "ann", "2/hour", cost=2)
    (usage,) = await throttler.test("login", "ann", "2/hour")
    assert (usage.allowed, usage.remaining) == (False, 0)
    assert usage.retry_after > 0


async def test_a_reset_forgets(throttler: Throttler) -> None:
    await throttler.hit("login", "ann", "1/hour")
    await throttler.reset("login", "ann", "1/hour")
    await throttler.hit("login", "ann", "1/hour")


async def test_all_of_several_rates_hold_and_what_a_short_one_refuses_uses_up_no_long_one(throttler: Throttler) -> None:
    rates = "4/day; 2/hour"
    await throttler.hit("login", "ann", rates)
    usages = await throttler.hit("login", "ann", rates)
    assert [(usage.rate, usage.remaining) for usage in usages] == [(Rate(2, 3600), 0), (Rate(4, 86400), 2)]
    for _ in range(5):
        with pytest.raises(Throttled) as caught:
            await throttler.hit("login", "ann", rates)
        assert caught.value.window == 3600
    assert [usage.remaining for usage in await throttler.test("login", "ann", rates)] == [0, 2]


async def test_of_many_at_once_as_many_pass_as_may(throttler: Throttler) -> None:
    results = await asyncio.gather(
        *(throttler.hit("search", "ann", "10/hour") for _ in range(60)), return_exceptions=True
    )
    assert sum(not isinstance(result, Exception) for result in results) == 10
    assert all(isinstance(result, Throttled) for result in results if isinstance(result, Exception))


async def test_who_waits_as_long_as_told_is_let_in(throttler: Throttler) -> None:
    waited = 0.0
    while not waited:
        try:
            await throttler.hit("login", "ann", "2/second")
        except Throttled as error:
            waited = error.retry_after
    await asyncio.sleep(waited)
    await throttler.hit("login", "ann", "2/second")


async def test_processes_that_share_a_server_count_together(redis_url: str) -> None:
    one, two = (Throttler(redis_stores(redis_url), SlidingWindows(), rates={}) for _ in range(2))
    results = await asyncio.gather(
        *(each.hit("search", "ann", "10/hour") for each in (one, two) for _ in range(20)), return_exceptions=True
    )
    assert sum(not isinstance(result, Exception) for result in results) == 10
    for each in (one, two):
        await each.close()


async def test_keys_on_the_server_have_the_prefix_and_an_end(redis_url: str) -> None:
    throttler = Throttler(redis_stores(redis_url), SlidingWindows(), rates={})
    await throttler.hit("search", "ann", "10/minute")
    async with redis.Redis.from_url(redis_url) as client:
        (key,) = await client.keys()
        assert key.startswith(b"t:")
        assert 0 < await client.ttl(key) <= 120
    await throttler.close()


async def test_the_settings_rates_come_before_those_of_the_code() -> None:
    throttler = Throttler(Memory(10), SlidingWindows(), rates={"login": "1/minute"})
    await throttler.hit("login", "ann", "10/minute")
    with pytest.raises(Throttled):
        await throttler.hit("login", "ann", "10/minute")


async def test_a_name_without_a_rate_is_an_error_that_says_where_to_give_one() -> None:
    throttler = Throttler(Memory(10), SlidingWindows(), rates={})
    with pytest.raises(ImproperlyConfigured, match="Nothing says how often 'login' may be done") as caught:
        await throttler.hit("login", "ann")
    assert 'THROTTLING__RATES=\'{"login": "10/minute"}\'' in str(caught.value)


async def test_turned_off_it_counts_nothing() -> None:
    throttler = Throttler(Memory(10), SlidingWindows(), rates={}, enabled=False)
    for _ in range(5):
        assert await throttler.hit("login", "ann", "1/minute") == []


async def exercise(url: str) -> None:
    """Count on the server at a URL, not in memory, until it refuses."""
    for windows in (FixedWindows(), SlidingWindows()):
        stores = redis_stores(url, timeout=5)
        throttler = Throttler(stores, windows, rates={})
        await throttler.hit("a", "b", "2/hour")
        await throttler.hit("a", "b", "2/hour")
        with pytest.raises(Throttled):
            await throttler.hit("a", "b", "2/hour")
        await throttler.reset("a", "b", "2/hour")
        await throttler.hit("a", "b", "2/hour")
        await throttler.close()
        assert len(stores.memory) == 0


async def test_it_counts_on_the_master_that_sentinels_name(make_server: MakeServer) -> None:
    master = make_server()
    sentinel = make_server(sentinel=True)
    sentinel.ask(f"SENTINEL MONITOR mymaster 127.0.0.1 {master.port} 1")
    await exercise(f"redis+sentinel://127.0.0.1:{sentinel.port}/mymaster/1")
    async with redis.Redis(port=master.port, db=1) as client:
        assert await client.dbsize() > 0


async def test_it_counts_on_a_cluster(make_server: MakeServer) -> None:
    await exercise(f"redis+cluster://127.0.0.1:{make_server(cluster=True).port}")


# When the server is gone ---------------------------------------------------------------------------------------------


async def test_while_the_server_is_gone_each_process_counts_in_memory_and_says_so_once(server: Server, caplog) -> None:
    stores = redis_stores(server.url, timeout=0.3, retry=0.2)
    throttler = Throttler(stores, SlidingWindows(), rates={})
    await throttler.hit("login", "ann", "3/hour")
    server.kill()
    with caplog.at_level(logging.WARNING, "framework.throttling"):
        for _ in range(3):
            await throttler.hit("login", "ann", "3/hour")
        with pytest.raises(Throttled):
            await throttler.hit("login", "ann", "3/hour")
        await asyncio.sleep(0.25)  # and asked again in vain
        with pytest.raises(Throttled):
            await throttler.hit("login", "ann", "3/hour")
    assert [record.getMessage() for record in caplog.records] == [
        "The server of throttling is gone, each process counts in memory: ConnectionError."
    ]
    await throttler.close()


async def test_a_server_that_hangs_costs_one_time_limit_and_is_used_again_when_it_answers(
    server: Server, caplog
) -> None:
    throttler = Throttler(redis_stores(server.url, timeout=0.3, retry=0.5), SlidingWindows(), rates={})
    await throttler.hit("login", "ann", "100/hour", cost=50)
    server.pause()
    began = monotonic()
    for _ in range(20):
        await throttler.hit("login", "ann", "100/hour")
    assert monotonic() - began < 1.5
    server.resume()
    await asyncio.sleep(0.6)
    (usage,) = await throttler.hit("login", "ann", "100/hour")
    assert usage.remaining <= 49
    assert caplog.messages[-1] == "The server of throttling answers again."
    await throttler.close()


# As an app -----------------------------------------------------------------------------------------------------------


def project(**environ: str) -> Project:
    apps = ("framework.cache", "framework.throttling")
    return Project(Settings(_environ=environ, _env_file=None, _secrets_dir=None, installed_apps=apps))


async def test_the_caches_server_is_the_one_unless_the_settings_say_otherwise(redis_url: str) -> None:
    made = project(REDIS_URL=redis_url, CACHE__PREFIX="site:")
    client = redis.Redis.from_url(redis_url)
    before = len(await client.client_list())
    async with made.lifespan():
        async with made.scope() as scope:
            await (await scope.get(Throttler)).hit("login", "ann", "1/hour")
        assert [key.startswith(b"site:throttling:") for key in await client.keys()] == [True]
        assert len(await client.client_list()) > before
    assert len(await client.client_list()) == before
    await client.flushdb()
    made = project(REDIS_URL=redis_url, THROTTLING__URL="memory")
    async with made.lifespan(), made.scope() as scope:
        await (await scope.get(Throttler)).hit("login", "ann", "1/hour")
    assert await client.keys() == []
    await client.aclose()


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("THROTTLING__URL", "memcached://x", "wanted 'memory', or a URL as the cache has it"),
        ("THROTTLING__DEFAULT", "10/minit", "'10/minit' is no rate"),
        ("THROTTLING__RATES", '{"login": "often"}', "'often' is no rate"),
    ],
)
def test_settings_that_cannot_work_fail_when_the_project_loads(name: str, value: str, wanted: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        project(**{name: value})
    assert wanted in str(caught.value)
