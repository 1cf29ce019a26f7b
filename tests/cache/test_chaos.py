"""The server is paused, killed and started again under load: no answer is older than promised, and nothing is lost."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, text
from sqlmodel import SQLModel, select

from framework import Project, Settings
from framework.cache import Cache, MemoryCache, RedisCache, TwoLevelCache
from framework.db import Database, ReadSession, Session
from tests.cache.conftest import APPS, MakeProject, tables
from tests.cache.test_redis import eventually, until_equal
from tests.resilience.conftest import PostgresServer
from tests.valkey import Server

TTL = 0.5
LIMIT = 0.3
SLACK = 1.0
"""What a busy machine may add to a bound; the promise itself is the time to live."""


class Truth:
    """A number that is written and read by many, and everything that it ever was."""

    def __init__(self, ttl: float) -> None:
        self.ttl = ttl
        self.number = 0
        self.settled: list[tuple[float, int]] = []
        """When everybody had to know of which number."""
        self.calm: object | None = object()
        """Another one after each trouble; `None` while there is some."""
        self.oldest = 0.0
        """How old what was read while it was calm was at most."""
        self.reads = 0
        """How many these were."""

    async def write(self, cache: Cache) -> None:
        self.number += 1
        number = self.number
        await cache.invalidate("number")
        self.settled.append((time.monotonic(), number))

    async def read(self, cache: Cache) -> int:
        began, calm = time.monotonic(), self.calm

        async def make() -> int:
            number = self.number
            await asyncio.sleep(0.001)
            return number

        found = await cache.get_or_set("number", make, int, ttl=self.ttl, tags=["number"])
        if calm is not None and calm is self.calm:
            self.reads += 1
            replaced = next((at for at, number in self.settled if number > found), began)
            self.oldest = max(self.oldest, began - replaced)
        return found


@asynccontextmanager
async def load(truth: Truth, writers: list[Cache], readers: list[Cache]) -> AsyncGenerator[None]:
    """Write and read without a pause until the block ends."""
    stopped = False

    async def again(work: Callable[[Cache], Any], cache: Cache, pause: float) -> None:
        while not stopped:
            await work(cache)
            await asyncio.sleep(pause)

    tasks = [asyncio.create_task(again(truth.write, cache, 0.02)) for cache in writers]
    tasks += [asyncio.create_task(again(truth.read, cache, 0.002)) for cache in readers for _ in range(3)]
    yield
    stopped = True
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("near", [False, True], ids=["server", "near copies"])
async def test_no_answer_is_old_but_while_the_server_is_away(
    server: Server, near: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Values would be kept for a minute. With near copies, changes arrive a moment later."""

    def open_() -> Cache:
        far = RedisCache(server.url, timeout=LIMIT, jitter=0)
        return TwoLevelCache(MemoryCache(), far) if near else far

    caches = [open_() for _ in range(3)]
    truth = Truth(ttl=60)
    said: list[str] = []
    async with load(truth, caches[:2], caches):
        for name, fault in faults(server).items():
            await asyncio.sleep(0.3)
            truth.calm = None
            await fault()
            began = time.perf_counter()
            await asyncio.gather(*(eventually(cache.ping) for cache in caches))
            said.append(f"after it was {name}: {time.perf_counter() - began:.2f} s")
            truth.calm, before = object(), truth.reads
        await asyncio.sleep(0.3)
        assert truth.reads > before
    for cache in caches:
        await until_equal(lambda cache=cache: truth.read(cache), truth.number)
        await cache.close()
    with capsys.disabled():
        print(f"\n  {truth.reads} reads, the oldest {truth.oldest:.3f} s old; recovery {', '.join(said)}")
    assert truth.oldest <= (SLACK if near else 0)
    assert truth.reads > 100


def faults(server: Server) -> dict[str, Callable[[], Any]]:
    async def paused() -> None:
        server.pause()
        await asyncio.sleep(1)
        server.resume()

    async def killed() -> None:
        server.kill()
        await asyncio.sleep(0.5)
        server.start()

    async def cut() -> None:
        server.ask("CLIENT KILL TYPE normal")

    return {"paused": paused, "killed": killed, "cut off": cut}


async def test_a_process_that_is_cut_off_leaves_others_stale_for_the_ttl_at_most(server: Server) -> None:
    """Its invalidations wait, and are sent before it reads again."""
    proxy = Proxy(server.port)
    async with proxy:
        cut = RedisCache(f"redis://127.0.0.1:{proxy.port}", timeout=LIMIT, jitter=0)
        other = RedisCache(server.url, timeout=10, jitter=0)
        truth = Truth(TTL)
        await truth.read(cut)
        await truth.read(other)
        proxy.cut = True
        await truth.write(cut)
        committed = time.monotonic()
        while await other.get("number", int) not in (None, truth.number):
            assert time.monotonic() - committed <= TTL + SLACK
            await asyncio.sleep(0.01)
        await truth.read(other)
        await truth.write(cut)
        proxy.cut = False
        await eventually(cut.ping)
        for cache in (cut, other):
            assert await cache.get("number", int) in (None, truth.number)
            await cache.close()


async def test_an_invalidation_sent_twice_brings_no_old_value_back(server: Server) -> None:
    """The server got it, the answer was lost; and another process invalidated the same before it is sent again."""
    async with (proxy := Proxy(server.port)):
        mute = RedisCache(f"redis://127.0.0.1:{proxy.port}", timeout=LIMIT)
        other = RedisCache(server.url, timeout=10)
        await mute.ping()
        proxy.answers = False
        await mute.invalidate("number")
        await other.set("number", 1, tags=["number"])
        await other.invalidate("number")
        assert await other.get("number", int) is None
        proxy.answers = True
        await eventually(mute.ping)
        assert await other.get("number", int) is None
        await mute.close()
        await other.close()


async def test_an_invalidation_that_is_cancelled_is_made_up_for(server: Server) -> None:
    cache = RedisCache(server.url)
    await cache.set("number", 1, tags=["number"])
    server.ask("CLIENT KILL TYPE normal")
    await asyncio.sleep(0.05)
    invalidating = asyncio.create_task(cache.invalidate("number"))
    await asyncio.sleep(0)
    invalidating.cancel()  # while the connection is opened anew
    await asyncio.wait([invalidating])
    assert await cache.get("number", int) is None
    await cache.close()


class Proxy:
    """Passes bytes on to a server until it is cut: then it passes nothing, and says nothing.

    Without `answers` it passes on what is asked, and nobody hears of it.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.cut = False
        self.answers = True

    async def __aenter__(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(
            self._pass_on(reader, outer, lambda: not self.cut),
            self._pass_on(inner, writer, lambda: not self.cut and self.answers),
        )

    async def _pass_on(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, may_pass: Callable[[], bool]
    ) -> None:
        try:
            while data := await source.read(65536):
                if may_pass():
                    target.write(data)
        except ConnectionError:
            return
        finally:
            target.close()


class Rows:
    """Rows that are written and counted over and over; how many there are is kept."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.committed = 0
        self.failed = 0
        self.stopped = False

    async def write(self) -> None:
        from gazette.models import Post

        async with self.project.scope() as scope:
            (await scope.get(Session)).add(Post(title="t"))
        self.committed += 1

    async def count(self) -> int:
        from gazette.models import Post

        async with self.project.scope() as scope:
            reading, cache = await scope.get(ReadSession), await scope.get(Cache)

            async def make() -> int:
                return (await reading.exec(select(func.count()).select_from(Post))).one()

            return await cache.get_or_set("count", make, int, tags=[Post])

    async def work(self, may_fail: Callable[[], bool] = lambda: False) -> None:
        """See one's own commit at least, and those before it."""
        while not self.stopped:
            before = self.committed
            try:
                await self.write()
                found = await self.count()
            except Exception:
                assert may_fail()
                self.failed += 1
            else:
                assert found > before
            await asyncio.sleep(0.005)


async def test_every_committed_row_is_there_and_read_whatever_happens_to_the_server(
    make_project: MakeProject, server: Server
) -> None:
    rows = Rows(await make_project(REDIS_URL=server.url, CACHE__TIMEOUT=str(LIMIT)))
    tasks = [asyncio.create_task(rows.work()) for _ in range(3)]
    for fault in faults(server).values():
        await asyncio.sleep(0.2)
        await fault()
    rows.stopped = True
    await asyncio.gather(*tasks)
    assert await rows.count() == rows.committed > 10


@pytest.fixture
def postgres(allow_database: Callable[[str], None]) -> Generator[PostgresServer]:
    """A PostgreSQL to pull down."""
    postgres = PostgresServer()
    allow_database(postgres.url)
    yield postgres
    postgres.close()


async def test_every_committed_row_is_there_and_read_after_the_database_went_with_the_server(
    server: Server, postgres: PostgresServer, tmp_path: Path
) -> None:
    environ = {"DATABASE_URL": postgres.url, "REDIS_URL": server.url, "CACHE__TIMEOUT": str(LIMIT)}
    environ |= {"SECRET_KEY": "only for tests " * 4, "DATABASE__CONNECT_TIMEOUT": "2", "DATABASE__POOL_TIMEOUT": "2"}
    project = Project(
        Settings(_root=tmp_path, _environ=environ, _env_file=None, _secrets_dir=None, installed_apps=APPS)
    )
    async with project.lifespan():
        database = project.services.find_value(Database)
        assert database is not None
        async with database.engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all, tables())
        rows, is_well = Rows(project), True
        tasks = [asyncio.create_task(rows.work(lambda: not is_well)) for _ in range(3)]
        await asyncio.sleep(0.3)
        is_well = False
        server.kill()
        postgres.kill()
        await asyncio.sleep(0.5)
        server.start()
        await asyncio.to_thread(postgres.start)
        before = rows.committed
        async with asyncio.timeout(20):
            while rows.committed < before + 20:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
        is_well = True
        await asyncio.sleep(0.2)
        rows.stopped = True
        await asyncio.gather(*tasks)
        assert rows.failed > 0
        async with database.engine.connect() as connection:
            there = (await connection.execute(text("SELECT count(*) FROM gazette_post"))).scalar_one()
        assert await rows.count() == there
        assert rows.committed <= there <= rows.committed + rows.failed
