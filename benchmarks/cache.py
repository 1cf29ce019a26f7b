"""Print what the cache costs, as ratios against peers in the same run.

    uv run benchmarks/cache.py [--rounds N] [--calls N]

CPU time, user and system, of this process for calls, and of the server's process for requests; below 1 the framework
is cheaper. Needs Linux's /proc, and starts a Valkey server.

A hit and a miss are calls of a decorated function, a set is one of the cache; every peer keeps the same values: one
row, a list of 20, and 20 that are frozen. They promise less: in memory, cashews and aiocache hand out the very object
that was put in, which every caller may then change for all others, while the framework writes it down and makes a new
one of that each time, unless it is frozen; with Redis, none of them sees to it that one caller of all processes
computes, which takes the framework a lock.

A request is one for a cached list of 100 rows, of which the guide keeps the data, and the framework the response. Peers
are the guide's application, which like the framework's gives each request an id and a line of log, and its decorator on
FastAPI alone, which does not; against that, the framework is measured without its line of log as well. The last row is
what is left when nothing but the server is: an ASGI application that knows the bytes and sends them.
"""

import argparse
import asyncio
import itertools
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from harness import HERE, cpu_of, load, request, row, serving
from rows import FrozenRow, Row, make_frozen_rows, make_rows

from framework import Project, Settings
from framework.cache import Cache, MemoryCache, RedisCache, cached
from framework.testing import supervisor
from framework.testing.servers import WHEELS

type Call = Callable[[int], Awaitable[Any]]

VALUES: dict[str, tuple[Any, Any]] = {
    "one row": (Row, make_rows(1)[0]),
    "20 rows": (list[Row], make_rows(20)),
    "20 frozen rows": (tuple[FrozenRow, ...], make_frozen_rows(20)),
}


class Peer:
    """One way to keep results: a decorated function, and the setting of a value."""

    def __init__(self, function: Call, set_: Call) -> None:
        self.hit: Call = lambda number: function(-(number % 16))
        self.miss: Call = function
        self.set = set_


def ours(cache: Cache, name: str, type_: Any, value: Any) -> Peer:
    async def make(number: int) -> Any:
        return value

    make.__annotations__["return"] = type_
    make.__qualname__ = name
    return Peer(cached(ttl=3600)(make), lambda number: cache.set(f"k{number % 100}", value, type_, ttl=3600))


def cashews(url: str, name: str, value: Any) -> Peer:
    from cashews import Cache as Cashews

    client = Cashews()
    client.setup(url)

    @client(ttl=3600, key=f"{name}:{{number}}")
    async def make(number: int) -> Any:
        return value

    return Peer(make, lambda number: client.set(f"k{number % 100}", value, expire=3600))


def aiocache(url: str | None, name: str, value: Any) -> Peer:
    from urllib.parse import urlsplit

    from aiocache import Cache as Kinds
    from aiocache import cached as keep
    from aiocache.serializers import PickleSerializer

    options: dict[str, Any] = {}
    if url is not None:
        parts = urlsplit(url)
        options = {"endpoint": "127.0.0.1", "port": parts.port, "password": parts.password}
    kind = Kinds.REDIS if url else Kinds.MEMORY
    serializer = {"serializer": PickleSerializer()} if url else {}
    cache = kind(**options, **serializer)

    async def make(number: int) -> Any:
        return value

    keys: Any = {"key_builder": lambda _, number: f"{name}:{number}"}
    decorated = keep(ttl=3600, cache=kind, **keys, **options, **serializer)(make)
    return Peer(decorated, lambda number: cache.set(f"k{number % 100}", value, ttl=3600))


def guide(name: str, value: Any) -> Peer:
    sys.path.insert(0, str(HERE / "peers"))
    import json

    from fastapi.encoders import jsonable_encoder
    from guide_cache import cached as keep
    from guide_cache import redis_client

    async def make(number: int) -> Any:
        return value

    async def set_(number: int) -> None:
        await redis_client.set(f"k{number % 100}", json.dumps(jsonable_encoder(value)), ex=3600)

    return Peer(keep(name)(make), set_)


async def measured(call: Call, calls: int, at_once: int, numbers: "itertools.count[int]") -> float:
    """Return the CPU seconds of calls, `at_once` of them at a time."""
    began = time.process_time()
    for _ in range(calls // at_once):
        if at_once == 1:
            await call(next(numbers))
        else:
            await asyncio.gather(*(call(next(numbers)) for _ in range(at_once)))
    return time.process_time() - began


async def calls_on(where: str, url: str, rounds: int, calls: int) -> None:
    settings = Settings(_env_file=None, _environ={}, installed_apps=("framework.cache",))
    project = Project(settings)
    cache: Cache = MemoryCache(max_entries=10**7) if where == "memory" else RedisCache(url)
    project.services.value(Cache, cache)
    numbers = itertools.count(1)  # of all calls, so that nobody has kept what is to be missed
    async with project.lifespan(), project.scope():
        for name, (type_, value) in VALUES.items():
            peers = {"ours": ours(cache, name, type_, value)}
            peers["cashews"] = cashews("mem://?size=10000000" if where == "memory" else url, name, value)
            peers["aiocache"] = aiocache(None if where == "memory" else url, name, value)
            if where == "redis":
                peers["guide"] = guide(name, value)
            for what, at_once in itertools.product(("hit", "miss", "set"), (1, 16)):
                series = await in_turns(peers, what, at_once, rounds, calls, numbers)
                for peer in list(peers)[1:]:
                    print(row(f"{where}, {what} {name}, {at_once} at once: {peer}", series["ours"], series[peer]))
                print(f"{'':>10} {statistics.median(series['ours']) / calls * 1e6:.1f} µs a call of ours")
    await cache.close()


async def in_turns(
    peers: dict[str, Peer], what: str, at_once: int, rounds: int, calls: int, numbers: "itertools.count[int]"
) -> dict[str, list[float]]:
    series: dict[str, list[float]] = {peer: [] for peer in peers}
    for turn in range(rounds + 1):
        for peer, kept in peers.items():
            taken = await measured(getattr(kept, what), calls, at_once, numbers)
            if turn:  # the first turn warms up
                series[peer].append(taken)
    return series


def requests(url: str, rounds: int, count: int) -> None:
    """Print the cached list of 100 rows over HTTP, against the guide's application and its decorator alone."""
    raw = request("GET", "/rows")
    del os.environ["CACHE__URL"]
    folders = f"{HERE}:{HERE / 'peers'}"
    database = f"sqlite+aiosqlite:///{tempfile.mkdtemp()}/guide.db"
    pool = {"DB_POOL_SIZE": "1", "DB_MAX_OVERFLOW": "0", "SECRET_KEY": "0123456789abcdef" * 4}
    guides = {"PYTHONPATH": folders, "CACHE__URL": url, "DATABASE_URL": database, **pool}
    project = {"PYTHONPATH": str(HERE), "REDIS_URL": ""}
    peers = {"the guide's application": "guide_cached_list:app", "its decorator alone": "guide_cache:app"}
    applications: dict[str, tuple[str, dict[str, str]]] = {
        "memory": ("cached_project:app", project),
        "redis": ("cached_project:app", {**project, "REDIS_URL": url}),
        "redis and near copies": ("cached_project:app", {**project, "REDIS_URL": url, "CACHE__NEAR": "1"}),
        "memory, no line of log": ("cached_project:app", {**project, "LOG__REQUESTS": "0"}),
        "redis, no line of log": ("cached_project:app", {**project, "LOG__REQUESTS": "0", "REDIS_URL": url}),
        "the server alone": ("sent_bytes:app", guides),
    }
    with ExitStack() as stack:
        served = {
            name: stack.enter_context(serving(target, folder=HERE, environment=environment, probe="/rows"))
            for name, (target, environment) in {
                **{name: (peer, guides) for name, peer in peers.items()},
                **applications,
            }.items()
        }
        series: dict[str, list[float]] = {name: [] for name in served}
        for turn in range(rounds + 1):
            for name, (pid, port) in served.items():
                before = cpu_of(pid)
                load(port, raw, count=count)
                if turn:  # the first turn warms up
                    series[name].append(cpu_of(pid) - before)
    for name in applications:
        for peer in peers:
            print(row(f"request for the cached list, {name}: {peer}", series[name], series[peer]))
        print(f"{'':>10} {statistics.median(series[name]) / count * 1e6:.0f} µs a request")


def main() -> None:
    """Run all benchmarks and print a line each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--only", choices=("memory", "redis", "requests"))
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    process, url = supervisor.start_valkey(WHEELS["valkey"].find(), folder)
    os.environ["CACHE__URL"] = url
    rounds, calls = options.rounds * 4, options.calls // 4  # short turns, so that a slow moment meets all alike
    try:
        print(f"{'CPU, ratio to the peer':<56} median   (range)")
        if options.only in (None, "memory", "redis"):
            for where in (options.only,) if options.only else ("memory", "redis"):
                asyncio.run(calls_on(where, url, rounds, calls))
        if options.only in (None, "requests"):
            requests(url, rounds, calls)
    finally:
        supervisor.stop(process)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
