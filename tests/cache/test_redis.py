"""What only a server can do wrong, and the ways to reach one."""

import asyncio
import gc
import socket
import ssl
import time
import warnings
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from framework.cache import Cache, MemoryCache, RedisCache, TwoLevelCache
from framework.cache.backends.addresses import cluster_at
from framework.cache.backends.wire import Command, Wire
from framework.errors import ImproperlyConfigured, Unavailable
from framework.testing.supervisor import free_port
from tests.valkey import MakeServer, Server, cluster_of_three

# What is in the server ---------------------------------------------------------------------------------------------


async def test_prefixes_and_versions_keep_values_on_one_server_apart(redis_url: str) -> None:
    caches = [
        RedisCache(redis_url, prefix=prefix, version=version, timeout=10)
        for prefix in ("a:", "b:")
        for version in (1, 2)
    ]
    for number, cache in enumerate(caches):
        await cache.set("k", number)
    assert [await cache.get("k", int) for cache in caches] == [0, 1, 2, 3]
    client: Any = Redis.from_url(redis_url)
    async with client:
        assert sorted(await client.keys()) == [b"a:1:k", b"a:2:k", b"b:1:k", b"b:2:k"]
    for cache in caches:
        await cache.close()


async def test_the_settings_say_how_long_less_some_chance(redis_url: str) -> None:
    cache = RedisCache(redis_url, ttl=100, jitter=0.5, timeout=10)
    await cache.set_many({str(number): number for number in range(20)})
    await asyncio.gather(*(cache.set(f"each {number}", number) for number in range(20)))
    left = await cache.remaining([cache.key(f"each {number}") for number in range(20)])
    assert all(each and 49 < each <= 100 for each in left)
    assert len({round(each or 0) for each in left}) > 3
    await cache.set("asked", 1, ttl=100)
    assert [round(each or 0) for each in await cache.remaining([cache.key("asked")])] == [100]
    await cache.close()


async def test_nothing_is_pickled(redis_url: str) -> None:
    cache = RedisCache(redis_url, timeout=10)
    await cache.set("k", {"a": [1, None]})
    (stored,) = await cache.read([cache.key("k")])
    assert stored is not None
    assert stored.endswith(b'{"a":[1,null]}')
    await cache.close()


# One connection for all --------------------------------------------------------------------------------------------


async def test_all_callers_share_one_connection(server: Server) -> None:
    cache = RedisCache(server.url, timeout=10)
    await asyncio.gather(*(cache.get(str(number)) for number in range(500)))
    assert server.connections == 1
    await cache.close()
    assert server.connections == 0


async def test_a_call_that_was_cancelled_leaves_no_answer_for_the_next(server: Server) -> None:
    cache = RedisCache(server.url, timeout=10)
    await cache.set("a", 1)
    await cache.set("b", 2)
    for _ in range(20):
        server.pause()
        tasks = [asyncio.create_task(cache.get("a", int)) for _ in range(3)]
        await asyncio.sleep(0.005)
        tasks[0].cancel()
        tasks[2].cancel()
        server.resume()
        assert await asyncio.gather(cache.get("b", int), tasks[1]) == [2, 1]
    await cache.close()


async def test_a_connection_that_closes_between_opening_and_asking_keeps_nobody_waiting(redis_url: str) -> None:
    for turns in range(4):
        cache = RedisCache(redis_url, timeout=10)
        client: Any = cache._client
        reading = asyncio.create_task(cache.get("k", int, 7))
        while client._opening is None or not client._opening.done():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        client.reset()
        async with asyncio.timeout(5):
            assert await reading == 7
        await cache.close()


async def test_callers_of_another_event_loop_get_a_connection_of_their_own(redis_url: str) -> None:
    cache = RedisCache(redis_url, timeout=10)
    await cache.set("k", 1)

    async def other() -> int | None:
        try:
            return await cache.get("k", int)
        finally:
            await cache.close()

    assert await asyncio.to_thread(asyncio.run, other()) == 1
    assert await cache.get("k", int) == 1
    await cache.close()


async def test_a_busy_event_loop_is_no_silent_server(redis_url: str) -> None:
    cache = RedisCache(redis_url, timeout=0.2)
    await cache.set("k", 1)
    reading = asyncio.create_task(cache.get("k", int))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    time.sleep(0.3)  # noqa: ASYNC251 - the fault in question
    assert await reading == 1
    await cache.close()


async def test_a_cache_that_is_dropped_without_closing_leaves_no_complaint(server: Server) -> None:
    async def use() -> None:
        cache = RedisCache(server.url, timeout=10)
        await cache.set("k", 1)
        await cache.close()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await use()
        gc.collect()


# A server that is not well -----------------------------------------------------------------------------------------

DECISIONS: dict[str, Callable[[Cache], Any]] = {
    "add": lambda cache: cache.add("k", 1),
    "increment": lambda cache: cache.increment("k"),
    "touch": lambda cache: cache.touch("k"),
    "ping": lambda cache: cache.ping(),
    "lock": lambda cache: cache.lock("k").__aenter__(),
}


@pytest.mark.parametrize("decide", DECISIONS.values(), ids=DECISIONS)
async def test_decisions_are_unavailable_without_a_server(decide: Callable[[Cache], Any]) -> None:
    cache = RedisCache(f"redis://:hunter2@127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable) as caught:
        await decide(cache)
    assert caught.value.code == "cache.unavailable"
    assert caught.value.retry_after == 1
    assert "hunter2" not in str(caught.value) + str(caught.value.__cause__)
    await cache.close()


async def test_everything_else_goes_on_without_a_server() -> None:
    cache = RedisCache(f"redis://127.0.0.1:{free_port()}")

    async def make() -> int:
        return 7

    await cache.set("k", 1)
    assert await cache.get("k", int, 5) == 5
    assert await cache.get_many(["k"]) == {}
    assert await cache.get_or_set("k", make, int, tags=["t"]) == 7
    await cache.delete("k")
    await cache.invalidate("t")
    await cache.close()


async def test_a_server_that_says_nothing_costs_one_time_limit_for_all(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    cache = RedisCache(server.url, timeout=0.3)
    await cache.ping()
    server.pause()
    began = time.perf_counter()
    assert await asyncio.gather(*(cache.get(str(number)) for number in range(100))) == [None] * 100
    first = time.perf_counter() - began
    assert await asyncio.gather(*(cache.get(str(number)) for number in range(100))) == [None] * 100
    assert 0.3 <= first < 2
    assert time.perf_counter() - began - first < 0.2
    server.resume()
    await eventually(cache.ping)
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    await cache.close()


async def test_a_server_that_was_started_anew_is_found_by_itself(server: Server) -> None:
    cache = RedisCache(server.url, timeout=0.3)
    await cache.set("k", 1)
    server.kill()
    assert await cache.get("k", int) is None
    server.start()
    await eventually(cache.ping)
    await cache.set("k", 2)
    assert await cache.get("k", int) == 2
    await cache.close()


async def test_a_connection_that_the_server_closed_is_opened_anew(server: Server) -> None:
    cache = RedisCache(server.url, timeout=10)
    client: Any = Redis.from_url(server.url)
    await cache.set("k", 1)
    async with client:
        await client.client_kill_filter(_type="normal", skipme=True)
        assert await cache.get("k", int) == 1
        await client.client_kill_filter(_type="normal", skipme=True)
        await cache.set("k", 2)
        assert await cache.get("k", int) == 2
    await cache.close()


async def test_what_could_not_be_forgotten_is_forgotten_before_anything_is_read(server: Server) -> None:
    cache, other = RedisCache(server.url, timeout=0.3), RedisCache(server.url, timeout=10)
    await cache.set("deleted", 1)
    await cache.set("tagged", 1, tags=["t"])
    await cache.set("set", 1)
    server.pause()
    await cache.delete("deleted")
    await cache.invalidate("t")
    await cache.set("set", 2)
    server.resume()
    await eventually(cache.ping)
    for each in (cache, other):
        assert await each.get_many(["deleted", "tagged", "set"]) == {}
    await cache.close()
    await other.close()


@pytest.mark.parametrize("command", ["REPLICAOF 127.0.0.1 1", "CONFIG SET maxmemory 1"])
async def test_a_server_that_keeps_nothing_is_left_alone_until_it_does(
    server: Server, caplog: pytest.LogCaptureFixture, command: str
) -> None:
    cache = RedisCache(server.url, timeout=0.3)
    await cache.ping()
    server.ask(command)
    for _ in range(3):
        await cache.set("k", 1)
        with pytest.raises(Unavailable):
            await cache.ping()
    server.ask("REPLICAOF NO ONE")
    server.ask("CONFIG SET maxmemory 0")
    await eventually(cache.ping)
    await cache.set("k", 1)
    assert await cache.get("k", int) == 1
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    await cache.close()


async def test_a_key_of_somebody_else_is_a_miss_and_opens_nothing(redis_url: str) -> None:
    cache = RedisCache(redis_url, timeout=10)
    client: Any = Redis.from_url(redis_url)
    async with client:
        await client.rpush(cache.key("k"), "x")
    assert await cache.get("k", int) is None
    await cache.ping()
    await cache.set("k", 1)
    assert await cache.get("k", int) == 1
    await cache.close()


async def eventually(ask: Callable[[], Any]) -> None:
    """Wait until `ask` succeeds."""
    async with asyncio.timeout(20):
        while True:
            try:
                await ask()
            except Unavailable:
                await asyncio.sleep(0.02)
            else:
                return


# Near copies -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def near_and_far(url: str, **options: Any) -> AsyncGenerator[tuple[TwoLevelCache, RedisCache]]:
    near = TwoLevelCache(MemoryCache(), RedisCache(url, **{"timeout": 10, **options}))
    other = RedisCache(url, timeout=10)
    yield near, other
    await near.close()
    await other.close()


async def until_equal(read: Callable[[], Any], wanted: object) -> None:
    async with asyncio.timeout(10):
        while await read() != wanted:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)


async def test_near_copies_are_read_without_the_server_and_follow_changes_of_others(server: Server) -> None:
    async with near_and_far(server.url) as (near, other):
        await other.set("k", 1, tags=["t"])
        assert await near.get("k", int) == 1
        asked = server.ask("INFO commandstats")
        for _ in range(50):
            assert await near.get("k", int) == 1
        assert calls(server.ask("INFO commandstats")) == calls(asked)
        await other.set("k", 2, tags=["t"])
        await until_equal(lambda: near.get("k", int), 2)
        await other.invalidate("t")
        await until_equal(lambda: near.get("k", int), None)
        await other.set("k", 3)
        await until_equal(lambda: near.get("k", int), 3)
        server.ask("FLUSHALL")
        await until_equal(lambda: near.get("k", int), None)


def calls(stats: bytes) -> bytes:
    return next(line for line in stats.splitlines() if line.startswith(b"cmdstat_get:")).partition(b",")[0]


async def test_near_copies_end_with_their_time(redis_url: str) -> None:
    async with near_and_far(redis_url) as (near, other):
        await other.set("k", 1, ttl=0.4)
        assert await near.get("k", int) == 1
        assert len(near.near) > 0
        await asyncio.sleep(0.42)
        assert near.near.find(near.key("k")) is None


async def test_near_copies_go_with_the_connection_that_would_tell_of_changes(server: Server) -> None:
    async with near_and_far(server.url, timeout=0.3) as (near, other):
        await other.set("k", 1)
        assert await near.get("k", int) == 1
        server.ask("CLIENT KILL TYPE normal")
        await until_equal(lambda: other.get("k", int), 1)
        await other.set("k", 2)
        await until_equal(lambda: near.get("k", int), 2)
        server.pause()
        async with asyncio.timeout(5):
            while len(near.near):  # noqa: ASYNC110 - nobody asks: it notices that the server says nothing
                await asyncio.sleep(0.01)
        server.resume()


async def test_a_change_between_reading_and_keeping_is_not_missed(redis_url: str) -> None:
    async with near_and_far(redis_url) as (near, other):

        async def write(cache: Cache) -> None:
            for number in range(300):
                await cache.set("k", number)

        async def read() -> None:
            while not writing.done():
                await near.get("k", int)

        writing = asyncio.gather(write(other), write(other))
        await asyncio.gather(writing, *(read() for _ in range(5)))
        last = await other.get("k", int)
        await until_equal(lambda: near.get("k", int), last)
        await near.set("k", -1)
        assert await near.get("k", int) == -1


# Addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost/0?socket_timeout=soon",
        "redis://localhost:port/0",
        "redis+sentinel://localhost:26379",
        "redis+cluster://localhost/1",
        "redis://localhost/0?nonsense=1",
        "redis+sentinel://localhost/mymaster?nonsense=1",
        "redis+cluster://localhost?nonsense=1",
        "redis+cluster://localhost?ssl_cert_reqs=none",
    ],
)
def test_a_url_that_the_client_refuses_is_refused_at_load(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="The URL of the cache cannot be used") as caught:
        RedisCache(url)
    assert caught.value.code == "cache.url"


async def exercise(cache: Cache) -> None:
    """Use everything that is sent to the server."""

    async def make() -> int:
        return 4

    await cache.ping()
    await cache.delete("n")
    await cache.set_many({str(number): number for number in range(20)}, tags=["t", "u"])
    assert await cache.get_many(map(str, range(20)), int) == {str(number): number for number in range(20)}
    assert await cache.increment("n", 3, ttl=60) == 3
    assert await cache.touch("n", ttl=0)
    assert await cache.get_or_set("made", make, int, tags=["t"]) == 4
    async with cache.lock("l"):
        assert not await cache.write_new(f"{cache.prefix}lock:l", b"x", 1)
    await cache.invalidate("t")
    assert await cache.get_many(["1", "2", "made"]) == {}
    await cache.delete_many(map(str, range(20)))


async def test_a_unix_socket(make_server: MakeServer, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    make_server(f"unixsocket {path}")
    cache = RedisCache(f"unix://{path}?db=3", timeout=10)
    await exercise(cache)
    await cache.close()


async def test_tls(server: Server, tmp_path: Path) -> None:
    """The server of the tests has no TLS, so a proxy of its own ends it."""
    certificate, key = certify(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
        target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(pass_on(reader, outer), pass_on(inner, writer))

    proxy = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with proxy:
        port = proxy.sockets[0].getsockname()[1]
        cache = RedisCache(f"rediss://127.0.0.1:{port}/2?ssl_ca_certs={certificate}", timeout=5)
        await exercise(cache)
        await cache.close()
        suspicious = RedisCache(f"rediss://127.0.0.1:{port}/2", timeout=5)
        with pytest.raises(Unavailable) as caught:
            await suspicious.ping()
        assert "certificate" in str(caught.value.__cause__).lower()
        await suspicious.close()


def certify(folder: Path) -> tuple[Path, Path]:
    """Make a certificate that vouches for itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    return paths


async def test_a_cluster(make_server: MakeServer) -> None:
    server = make_server(cluster=True)
    url = f"redis+cluster://127.0.0.1:{server.port}"
    cache = RedisCache(url, timeout=5, prefix="t:")
    await exercise(cache)
    await cache.close()
    await exercise(cache)
    await cache.close()
    with pytest.raises(ImproperlyConfigured) as caught:
        TwoLevelCache(MemoryCache(), RedisCache(url))
    assert caught.value.code == "cache.near"


@pytest.mark.timeout(60)
async def test_a_cluster_that_lacks_a_node_is_left_alone_until_it_is_whole_and_said_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with cluster_of_three(tmp_path) as nodes:
        for node in nodes:
            node.ask("CONFIG SET cluster-require-full-coverage no")
        cache = RedisCache(f"redis+cluster://127.0.0.1:{nodes[0].port}", timeout=1)
        numbers = {str(number): number for number in range(30)}
        await cache.set_many(numbers)
        nodes[1].kill()  # and the key that is written to see whether it is back lies on the third
        end = asyncio.get_running_loop().time() + 1.5
        while asyncio.get_running_loop().time() < end:
            await cache.get_many(numbers, int)
            await asyncio.sleep(0.05)
        assert [record.levelname for record in caplog.records if record.name == "framework.cache"] == ["ERROR"]
        nodes[1].launch()
        await eventually(cache.ping)
        await cache.set_many(numbers)
        assert await cache.get_many(numbers, int) == numbers
        await cache.close()


async def test_sentinels_name_the_master_also_after_it_changed(make_server: MakeServer) -> None:
    masters = [make_server("requirepass hunter2", "masterauth hunter2") for _ in range(2)]
    sentinel = make_server(
        f"sentinel monitor mymaster 127.0.0.1 {masters[0].port} 1", "sentinel auth-pass mymaster hunter2", sentinel=True
    )
    cache = RedisCache(
        f"redis+sentinel://:hunter2@127.0.0.1:{sentinel.port},127.0.0.1:{free_port()}/mymaster/1", timeout=2
    )
    await exercise(cache)
    await cache.set("k", 1)
    sentinel.ask("SENTINEL REMOVE mymaster")
    sentinel.ask(f"SENTINEL MONITOR mymaster 127.0.0.1 {masters[1].port} 1")
    sentinel.ask("SENTINEL SET mymaster auth-pass hunter2")
    masters[0].kill()
    await asyncio.sleep(0.01)
    await cache.get("k", int)
    await eventually(cache.ping)
    assert await cache.get("k", int) is None  # the new master has another memory
    await exercise(cache)
    await cache.close()


async def test_sentinels_may_have_a_password_of_their_own(make_server: MakeServer) -> None:
    master = make_server("requirepass hunter2")
    sentinel = make_server(
        "requirepass swordfish",
        f"sentinel monitor mymaster 127.0.0.1 {master.port} 1",
        "sentinel auth-pass mymaster hunter2",
        sentinel=True,
    )
    url = f"redis+sentinel://:hunter2@127.0.0.1:{sentinel.port}/mymaster"
    cache = RedisCache(f"{url}?sentinel_password=swordfish&client_name=shop", timeout=5)
    await cache.set("k", 1)
    assert await cache.get("k", int) == 1
    await cache.close()
    stranger = RedisCache(url, timeout=5)
    with pytest.raises(Unavailable):
        await stranger.ping()
    await stranger.close()


def test_options_in_the_url_of_a_cluster_reach_the_client() -> None:
    client = cluster_at("rediss+cluster://localhost?ssl_cert_reqs=none&client_name=shop", 1)
    assert client.connection_kwargs["ssl_cert_reqs"] == "none"
    assert client.connection_kwargs["client_name"] == "shop"


async def test_the_servers_own_words_never_reach_clients_of_the_project() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:  # accepts in its backlog, and never answers
        cache = RedisCache(f"redis://user:hunter2@127.0.0.1:{listener.getsockname()[1]}", timeout=0.2)
        with pytest.raises(Unavailable) as caught:
            await cache.ping()
        assert "127.0.0.1" not in caught.value.detail
        await cache.close()


async def test_a_hit_takes_one_turn_and_a_miss_three(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[int] = []
    ask = Wire.ask

    async def count(wire: Wire, *commands: Command) -> list[Any]:
        turns.append(len(commands))
        return await ask(wire, *commands)

    async def make() -> int:
        return 4

    cache = RedisCache(redis_url, timeout=10)
    await cache.get_or_set("another", make, int, tags=["t", "u"])  # from then on the tags have versions
    monkeypatch.setattr(Wire, "ask", count)
    for tags in ([], ["t", "u"]):
        for expected in (3, 1):
            turns.clear()
            assert await cache.get_or_set(f"k{len(tags)}", make, int, tags=tags) == 4
            assert len(turns) == expected
    await cache.close()
