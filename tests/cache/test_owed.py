"""What a server could not be told while it was away: nothing of it is lost, however much it is."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from framework.cache import RedisCache
from framework.cache.backends import owed
from framework.errors import Unavailable
from tests.cache.test_redis import eventually
from tests.valkey import MakeServer, Server


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owed, "MOST", 50)
    monkeypatch.setattr(owed, "CHUNK", 10)


@asynccontextmanager
async def two(server: Server, **options: Any) -> AsyncGenerator[tuple[RedisCache, RedisCache]]:
    one, other = RedisCache(server.url, timeout=0.3, **options), RedisCache(server.url, timeout=10, **options)
    await one.ping()
    yield one, other
    await one.close()
    await other.close()


async def test_what_is_set_in_vain_takes_no_place_from_what_a_commit_invalidates(server: Server) -> None:
    async with two(server) as (cache, other):
        await other.set("tagged", "old", tags=["t"])
        server.pause()
        for number in range(200):
            await cache.set(f"user:{number}", number)
        await cache.invalidate("t")
        server.resume()
        await eventually(cache.ping)
        assert await other.get("tagged", str) is None


async def test_when_too_much_is_to_be_deleted_all_values_go_and_nothing_else(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with two(server, prefix="a*:") as (cache, other):
        stranger, neighbour = RedisCache(server.url, prefix="ab:", timeout=10), RedisCache(server.url, timeout=10)
        for each in (other, stranger, neighbour):
            await each.set_many({f"k{number}": "old" for number in range(100)})
            await each.increment("visits")
        server.pause()
        for _ in range(3):
            await cache.delete_many(f"k{number}" for number in range(60))
        server.resume()
        await eventually(cache.ping)
        assert len(await other.get_many([f"k{number}" for number in range(100)] + ["visits"])) == 0
        for each in (stranger, neighbour):
            assert len(await each.get_many([f"k{number}" for number in range(100)] + ["visits"])) == 101
            await each.close()
    assert len([record for record in caplog.records if "Too much" in record.message]) == 1


async def test_when_too_much_is_to_be_invalidated_all_that_has_tags_is(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with two(server) as (cache, other):
        await other.set("tagged", "old", tags=["t59"])
        await other.set("plain", "old")
        server.pause()
        for _ in range(3):
            await cache.invalidate(*(f"t{number}" for number in range(60)))
        server.resume()
        await eventually(cache.ping)
        assert await other.get_many(["tagged", "plain"]) == {"plain": "old"}
    assert len([record for record in caplog.records if "Too much" in record.message]) == 1


async def test_a_cluster_is_told_as_well(make_server: MakeServer) -> None:
    server = make_server(cluster=True)
    url = f"redis+cluster://127.0.0.1:{server.port}"
    cache, other = RedisCache(url, timeout=0.5), RedisCache(url, timeout=10)
    await other.set_many({f"k{number}": "old" for number in range(100)})
    await cache.ping()
    server.pause()
    await cache.delete_many(f"k{number}" for number in range(60))
    server.resume()
    await eventually(cache.ping)
    assert len(await other.get_many(f"k{number}" for number in range(60))) == 0
    await cache.close()
    await other.close()


async def test_much_is_told_in_parts_so_that_no_time_limit_stops_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two(server) as (cache, other):
        client: Any = cache._client
        sizes: list[int] = []
        ask = client.ask

        async def counting(*commands: Any) -> Any:
            sizes.append(len(commands))
            return await ask(*commands)

        monkeypatch.setattr(client, "ask", counting)
        await other.set("tagged", "old", tags=["t99"])
        await cache.invalidate(*(f"t{number}" for number in range(100)))
        assert await other.get("tagged", str) is None
        server.pause()
        await cache.invalidate(*(f"t{number}" for number in range(45)))
        server.resume()
        await eventually(cache.ping)
        assert sizes.count(10) == 10 + 1 + 4
        assert max(sizes) == 10


async def test_a_lock_that_was_asked_for_in_vain_is_free_once_the_server_is_back(server: Server) -> None:
    async with two(server) as (cache, other):
        server.pause()
        with pytest.raises(Unavailable) as caught:
            await cache.lock("import", ttl=60).__aenter__()
        assert caught.value.code == "cache.unavailable"
        server.resume()  # only now it reads what it was asked
        await eventually(cache.ping)
        async with other.lock("import", wait=1):
            pass
