# ruff: noqa: PT012, SIM117  # errors are to leave a scope, and scopes nest
import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import asyncpg
import pytest
from depot.models import Brand
from sqlalchemy import event, text
from sqlmodel import select

from framework.db.connections import pool as pool_module
from framework.db.connections import postgresql, sqlite
from framework.db.sessions.database import Database
from framework.db.settings import DatabaseSettings
from framework.errors import FrameworkError, ImproperlyConfigured, Unavailable
from tests.db.conftest import OpenDatabase

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
only_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

NOWHERE = "postgresql://nobody:secret@127.0.0.1:1/nothing"

type Allow = Callable[[str], None]

ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(3600)",
}


def endless(database: Database) -> Any:
    """Return a statement that does not end by itself."""
    return text(ENDLESS[database.engine.dialect.name])


def at_rest(database: Database) -> bool:
    """Tell whether every connection is back in its pool."""
    pools: list[Any] = [database.engine.pool, database.read_engine.pool]
    return all(pool.checkedout() == 0 and pool.waiting == 0 for pool in pools)


@pytest.fixture
async def admin(postgres_url: str) -> AsyncGenerator[asyncpg.Connection]:
    """A connection of its own to the test's PostgreSQL."""
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    yield connection
    await connection.close()


async def backends(admin: asyncpg.Connection, condition: str = "true") -> list[int]:
    """Return the server processes of this database but the asker's own."""
    rows = await admin.fetch(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        f" AND backend_type = 'client backend' AND ({condition})"
    )
    return [row["pid"] for row in rows]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it holds; the test's own time limit is the end."""
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110  # nobody here tells
            await asyncio.sleep(0.01)


class Firewall:
    """Stands between a pool and a server. Counts what passes, and can forget the connections it has: nothing passes
    any more, and nothing is closed."""

    url: str

    def __init__(self, host: str, port: int) -> None:
        self.server = (host, port)
        self.sent = 0
        """How often a client sent something: its round trips."""
        self.writers: set[asyncio.StreamWriter] = set()
        self.forgotten: set[asyncio.StreamWriter] = set()

    def forget(self) -> None:
        self.forgotten |= self.writers

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self.server)
        self.writers |= {writer, server_writer}
        await asyncio.gather(self.pass_on(reader, server_writer, 1), self.pass_on(server_reader, writer, 0))

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counts: int) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if writer not in self.forgotten:
                    self.sent += counts
                    writer.write(data)
        writer.close()


@pytest.fixture
async def firewall(postgres_url: str, allow_database: Allow) -> AsyncGenerator[Firewall]:
    parts = urlsplit(postgres_url)
    firewall = Firewall(parts.hostname or "", parts.port or 0)
    listener = await asyncio.start_server(firewall, "127.0.0.1", 0)
    firewall.url = postgres_url.replace(f":{parts.port}/", f":{listener.sockets[0].getsockname()[1]}/")
    allow_database(firewall.url)
    yield firewall
    listener.close()


# Set-up ------------------------------------------------------------------------------------------------------------


@only_sqlite
async def test_sqlite_is_set_up_on_every_connection(open_database: OpenDatabase) -> None:
    database = await open_database(busy_timeout=3, pragmas={"cache_size": -4000})
    for engine, query_only in ((database.engine, 0), (database.read_engine, 1)):
        async with engine.connect() as connection:
            wanted = {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 3000, "query_only": query_only}
            wanted |= {"synchronous": 1, "cache_size": -4000}
            for pragma, value in wanted.items():
                assert (await connection.execute(text(f"PRAGMA {pragma}"))).scalar() == value


async def test_many_first_connections_to_a_new_file_get_in_each_others_way_nowhere(tmp_path: Path) -> None:
    database = Database(DatabaseSettings(url=f"sqlite:///{tmp_path}/new.sqlite3", pool_size=20), tmp_path)

    async def read() -> None:
        async with database.read_session() as session:
            await session.execute(text("SELECT 1"))

    async def write(number: int) -> None:
        async with database.session() as session:
            await session.execute(text("CREATE TABLE IF NOT EXISTS t (n INTEGER)"))
            await session.execute(text("INSERT INTO t VALUES (:n)"), {"n": number})

    await asyncio.gather(*(read() for _ in range(20)), *(write(number) for number in range(20)))
    await database.dispose()


@only_postgres
async def test_postgresql_is_told_the_limits(open_database: OpenDatabase) -> None:
    database = await open_database(statement_timeout=7)
    async with database.session() as session:
        assert await session.scalar(text("SHOW statement_timeout")) == "7s"
        assert await session.scalar(text("SHOW default_transaction_read_only")) == "off"
    async with database.read_session() as session:
        assert await session.scalar(text("SHOW statement_timeout")) == "7s"
        assert await session.scalar(text("SHOW default_transaction_read_only")) == "on"


@only_postgres
async def test_what_the_url_says_wins_and_stays(open_database: OpenDatabase, database_url: str, tmp_path: Path) -> None:
    url = f"{database_url}?application_name=shop&options=-c%20statement_timeout%3D9s"
    database = Database(DatabaseSettings(url=url, statement_timeout=0), tmp_path)
    async with database.session() as session:
        assert await session.scalar(text("SHOW application_name")) == "shop"
        assert await session.scalar(text("SHOW statement_timeout")) == "9s"
    await database.dispose()


async def test_a_read_is_one_round_trip(firewall: Firewall, tmp_path: Path) -> None:
    """No BEGIN before it, no COMMIT or ROLLBACK after it, no ping."""
    database = Database(DatabaseSettings(url=firewall.url), tmp_path)
    async with database.read_session() as session:
        await session.scalar(text("SELECT 1"))
        firewall.sent = 0
        await session.scalar(text("SELECT 1"))
        assert firewall.sent == 1
    async with database.read_session() as session:
        await session.scalar(text("SELECT 1"))
    assert firewall.sent == 2
    await database.dispose()


async def test_a_unit_of_work_is_its_statements_and_begin_and_commit(firewall: Firewall, tmp_path: Path) -> None:
    database = Database(DatabaseSettings(url=firewall.url), tmp_path)
    for _ in range(2):
        firewall.sent = 0
        async with database.session() as session:
            await session.scalar(text("SELECT 1"))
    assert firewall.sent == 3
    await database.dispose()


async def test_nothing_is_connected_before_the_first_statement(allow_database: Allow, tmp_path: Path) -> None:
    allow_database(NOWHERE)
    database = Database(DatabaseSettings(url=NOWHERE), tmp_path)
    async with database.session(), database.read_session():
        pass
    await database.dispose()


async def test_two_projects_have_two_databases(database_url: str, tmp_path: Path) -> None:
    first = Database(DatabaseSettings(url=f"sqlite:///{tmp_path}/1.sqlite3"), tmp_path)
    second = Database(DatabaseSettings(url=f"sqlite:///{tmp_path}/2.sqlite3"), tmp_path)
    async with first.session() as one, second.session() as other:
        await one.execute(text("CREATE TABLE t (n INTEGER)"))
        await other.execute(text("CREATE TABLE t (n INTEGER)"))
        await one.execute(text("INSERT INTO t VALUES (1)"))
        assert await other.scalar(text("SELECT count(*) FROM t")) == 0
    await first.dispose()
    await second.dispose()


async def test_reads_go_to_the_replica_that_is_named(tmp_path: Path) -> None:
    """Two files stand in for a server and a replica that lags."""
    settings = DatabaseSettings(url="sqlite:///main.sqlite3", read_url="sqlite:///replica.sqlite3")
    for name, rows in (("main", 1), ("replica", 2)):
        with contextlib.closing(sqlite3.connect(tmp_path / f"{name}.sqlite3")) as connection:
            connection.execute("CREATE TABLE t (n INTEGER)")
            connection.executemany("INSERT INTO t VALUES (?)", [(number,) for number in range(rows)])
            connection.commit()
    database = Database(settings, tmp_path)
    async with database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM t")) == 1
    async with database.read_session() as session:
        assert await session.scalar(text("SELECT count(*) FROM t")) == 2
    await database.ping()
    await database.ping_replica()
    await database.dispose()


def test_a_database_works_in_one_event_loop_after_another(database_url: str, tmp_path: Path) -> None:
    database = Database(DatabaseSettings(url=database_url), tmp_path)

    async def work() -> None:
        async with database.session() as session:
            assert await session.scalar(text("SELECT 1")) == 1
        async with database.read_session() as reading:
            assert await reading.scalar(text("SELECT 1")) == 1
        await database.dispose()

    asyncio.run(work())
    asyncio.run(work())


# A pool that is exhausted ------------------------------------------------------------------------------------------


async def test_an_exhausted_pool_answers_with_unavailable_and_when_to_retry(open_database: OpenDatabase) -> None:
    database = await open_database(pool_size=1, max_overflow=0, pool_timeout=0.05)
    holds, held = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with database.session() as session:
            await session.scalar(text("SELECT 1"))
            holds.set()
            await held.wait()

    holder = asyncio.create_task(hold())
    await holds.wait()
    with pytest.raises(Unavailable) as caught:
        async with database.session() as session:
            await session.scalar(text("SELECT 1"))
    assert caught.value.retry_after == 1
    assert caught.value.code == "db.exhausted"
    assert caught.value.detail == "The database is busy."
    assert "none became free within 0.05 s" in str(caught.value.hint)
    held.set()
    await holder
    async with database.session() as session:
        assert await session.scalar(text("SELECT 1")) == 1
    assert at_rest(database)


async def test_an_exhausted_reading_pool_answers_too(open_database: OpenDatabase) -> None:
    database = await open_database(pool_size=1, max_overflow=0, pool_timeout=0.05)
    async with database.read_session() as reading, reading.snapshot():
        async with database.read_session() as other:
            with pytest.raises(Unavailable):
                await other.scalar(text("SELECT 1"))
    assert at_rest(database)


async def test_a_full_queue_is_refused_at_once(open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "MOST_WAITING", 2)
    database = await open_database(pool_size=1, max_overflow=0, pool_timeout=30)

    async def work() -> None:
        async with database.session() as session:
            await session.scalar(text("SELECT 1"))
            await asyncio.sleep(0.05)

    results = await asyncio.gather(*(work() for _ in range(5)), return_exceptions=True)
    refused = [result for result in results if result is not None]
    assert len(refused) == 2
    assert all(isinstance(error, Unavailable) and error.code == "db.exhausted" for error in refused)
    assert at_rest(database)


async def test_a_caller_cancelled_in_the_queue_takes_no_connection_with_it(open_database: OpenDatabase) -> None:
    database = await open_database(pool_size=1, max_overflow=0, pool_timeout=30)

    async def work() -> None:
        async with database.session() as session:
            await session.scalar(text("SELECT 1"))

    async with database.session() as session:
        await session.scalar(text("SELECT 1"))
        waiting = [asyncio.create_task(work()) for _ in range(5)]
        await asyncio.sleep(0.02)
        for task in waiting[:4]:
            task.cancel()
    assert [type(result) for result in await asyncio.gather(*waiting, return_exceptions=True)] == [
        *[asyncio.CancelledError] * 4,
        type(None),
    ]
    assert at_rest(database)
    await work()


# A server that is gone ---------------------------------------------------------------------------------------------


async def test_a_server_that_does_not_answer_is_unavailable(allow_database: Allow, tmp_path: Path) -> None:
    allow_database(NOWHERE)
    database = Database(DatabaseSettings(url=NOWHERE), tmp_path)
    with pytest.raises(Unavailable) as caught:
        await database.ping()
    assert caught.value.code == "db.unreachable"
    assert caught.value.detail == "The database cannot be reached."
    assert "secret" not in str(caught.value)
    assert at_rest(database)


@only_postgres
async def test_a_wrong_name_says_what_to_look_at(database_url: str, allow_database: Allow, tmp_path: Path) -> None:
    url = database_url.rpartition("/")[0] + "/missing"
    allow_database(url)
    database = Database(DatabaseSettings(url=url), tmp_path)
    with pytest.raises(ImproperlyConfigured, match='"missing" does not exist') as caught:
        await database.ping()
    assert caught.value.code == "db.refused"


async def test_a_folder_that_does_not_exist_says_so(tmp_path: Path) -> None:
    database = Database(DatabaseSettings(url="sqlite:///no/such/folder/db.sqlite3"), tmp_path)
    with pytest.raises(ImproperlyConfigured, match="such/folder' of the SQLite database does not exist") as caught:
        await database.ping()
    assert caught.value.code == "db.refused"


@pytest.mark.parametrize("state", ["57P01", "57P02", "57P03", ""])
async def test_a_server_that_ends_while_one_connects_is_unavailable(
    allow_database: Allow, tmp_path: Path, state: str
) -> None:
    async def end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        told = f"SFATAL\0VFATAL\0C{state}\0Mterminating connection\0\0".encode()
        if state:  # or without a word
            writer.write(b"E" + (len(told) + 4).to_bytes(4) + told)
        writer.close()

    async with await asyncio.start_server(end, "127.0.0.1", 0) as server:
        url = f"postgresql://user@127.0.0.1:{server.sockets[0].getsockname()[1]}/base?sslmode=disable"
        allow_database(url)
        database = Database(DatabaseSettings(url=url), tmp_path)
        with pytest.raises(Unavailable) as caught:
            await database.ping()
    assert caught.value.code == "db.unreachable"


@only_postgres
async def test_a_connection_that_is_closed_while_it_is_prepared_is_unavailable(
    open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = asyncpg.connect

    async def connect_and_lose(*args: Any, **options: Any) -> asyncpg.Connection:
        connection = await connect(*args, **options)
        connection.terminate()
        return connection

    database = await open_database()
    await database.engine.dispose()
    with monkeypatch.context() as patch:
        patch.setattr(asyncpg, "connect", connect_and_lose)
        with pytest.raises(Unavailable) as caught:
            await database.ping()
    assert caught.value.code == "db.unreachable"
    await database.ping()


@only_postgres
async def test_a_killed_connection_heals(database: Database, admin: asyncpg.Connection) -> None:
    drivers: list[Any] = []
    for engine in (database.engine, database.read_engine):
        event.listen(engine.sync_engine, "checkout", lambda each, *_: drivers.append(each.driver_connection))
    async with database.session() as session:
        session.add(Brand(name="a"))
    async with database.read_session() as reading:
        await reading.exec(select(Brand))
    killed = await backends(admin)
    assert len(killed) == 2
    for pid in killed:
        await admin.execute("SELECT pg_terminate_backend($1)", pid)
    await until(lambda: gone(admin, killed))
    await until(lambda: noticed(drivers))  # the server forgets a connection before it hangs up
    async with database.session() as session:
        assert (await session.exec(select(Brand.name))).all() == ["a"]
    async with database.read_session() as reading:
        assert (await reading.exec(select(Brand.name))).all() == ["a"]
    assert at_rest(database)


async def noticed(drivers: list[Any]) -> bool:
    return all(driver.is_closed() for driver in drivers)


async def gone(admin: asyncpg.Connection, pids: list[int]) -> bool:
    return not set(pids) & set(await backends(admin))


@only_postgres
async def test_a_connection_killed_at_work_is_unavailable_and_the_next_one_works(
    database: Database, admin: asyncpg.Connection
) -> None:
    async def work() -> None:
        async with database.session() as session:
            session.add(Brand(name="a"))
            await session.flush()
            await session.execute(endless(database))

    task = asyncio.create_task(work())
    await until(lambda: working(admin))
    for pid in await backends(admin, "state = 'active'"):
        await admin.execute("SELECT pg_terminate_backend($1)", pid)
    with pytest.raises(Unavailable) as caught:
        await task
    assert caught.value.code == "db.unreachable"
    assert at_rest(database)
    async with database.session() as session:
        assert (await session.exec(select(Brand))).all() == []


async def working(admin: asyncpg.Connection) -> bool:
    return bool(await backends(admin, "state = 'active' AND query LIKE '%pg_sleep%'"))


@only_postgres
async def test_an_idle_connection_is_asked_before_it_is_used_and_a_busy_one_is_not(
    open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await open_database(idle_check=60)
    now = 1000.0
    monkeypatch.setattr(postgresql, "monotonic", lambda: now)
    sent: list[str] = []

    async def use() -> list[str]:
        sent.clear()
        async with database.session() as session:
            await session.scalar(text("SELECT 42"))
        return list(sent)

    await use()
    async with database.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        driver.add_query_logger(lambda record: sent.append(record.query))
    assert "SELECT 1" not in await use()
    now += 59
    assert "SELECT 1" not in await use()
    now += 61
    assert (await use())[0] == "SELECT 1"
    assert "SELECT 1" not in await use()


async def test_connections_that_died_silently_while_idle_are_replaced(
    firewall: "Firewall", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "PING_SECONDS", 0.2)
    database = Database(DatabaseSettings(url=firewall.url, idle_check=0), tmp_path)

    async def work() -> None:
        async with database.session() as session:
            assert await session.scalar(text("SELECT 1")) == 1
            await asyncio.sleep(0.05)

    await asyncio.gather(work(), work(), work())
    firewall.forget()
    async with asyncio.timeout(10):
        await asyncio.gather(work(), work(), work())
    assert at_rest(database)
    await database.dispose()


# Statements that take too long -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["session", "read_session"])
async def test_a_statement_that_takes_too_long_is_cancelled(open_database: OpenDatabase, kind: str) -> None:
    patient = await open_database()
    database = await open_database(statement_timeout=1)
    with pytest.raises(Unavailable) as caught:
        async with getattr(database, kind)() as session:
            await session.execute(endless(database))
    assert (caught.value.code, caught.value.detail) == ("db.timeout", "The database took too long.")
    assert caught.value.retry_after == 1
    assert at_rest(database)
    async with patient.session() as session:  # no lock is left
        session.add(Brand(name="a"))


@only_sqlite
async def test_many_short_statements_are_not_one_long_one(
    open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await open_database(statement_timeout=30)
    now = time.monotonic()
    monkeypatch.setattr(sqlite, "monotonic", lambda: now)
    count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT max(i) FROM n"
    async with database.session() as session:
        for _ in range(4):
            assert await session.scalar(text(count)) == 200000
            now += 20


@only_sqlite
async def test_a_lock_that_another_process_holds_is_waited_for_and_then_unavailable(
    open_database: OpenDatabase, tmp_path: Path
) -> None:
    database = await open_database(busy_timeout=0.1)
    with contextlib.closing(sqlite3.connect(tmp_path / "test.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as caught:
            async with database.session() as session:
                session.add(Brand(name="a"))
        assert caught.value.code == "db.locked"
        other.execute("COMMIT")
    async with database.session() as session:
        session.add(Brand(name="a"))
    assert at_rest(database)


@only_postgres
async def test_of_two_that_wait_for_each_other_one_is_told_to_try_again(database: Database) -> None:
    async with database.session() as session:
        session.add_all([Brand(name="a"), Brand(name="b")])
    holding = asyncio.Barrier(2)

    async def lock(first: str, second: str) -> None:
        async with database.session() as session:
            await session.exec(select(Brand).where(Brand.name == first).with_for_update())
            await holding.wait()
            await session.exec(select(Brand).where(Brand.name == second).with_for_update())

    results = await asyncio.gather(lock("a", "b"), lock("b", "a"), return_exceptions=True)
    (error,) = [result for result in results if result is not None]
    assert isinstance(error, Unavailable)
    assert (error.code, error.retry_after) == ("db.serialization", 1)
    assert at_rest(database)


# Cancellation ------------------------------------------------------------------------------------------------------


async def cancelled_mid_statement(database: Database, kind: str) -> None:
    """Cancel a task while the database works on its statement, and wait for the task's end."""
    started = asyncio.Event()
    engine = database.engine if kind == "session" else database.read_engine

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def _(*_: Any) -> None:
        started.set()

    async def work() -> None:
        async with getattr(database, kind)() as session:
            if kind == "session":
                session.add(Brand(name="never"))
                await session.flush()
            await session.execute(endless(database))

    task = asyncio.create_task(work())
    await started.wait()
    await asyncio.sleep(0.2)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(10):
            await task


@pytest.mark.parametrize("kind", ["session", "read_session"])
async def test_a_task_cancelled_mid_statement_leaves_nothing_behind(database: Database, kind: str) -> None:
    for _ in range(3):
        await cancelled_mid_statement(database, kind)
        assert at_rest(database)
    async with database.session() as session:
        assert (await session.exec(select(Brand))).all() == []
        session.add(Brand(name="a"))
    assert at_rest(database)


@only_postgres
@pytest.mark.parametrize("kind", ["session", "read_session"])
async def test_postgresql_stops_working_for_a_cancelled_task(
    database: Database, admin: asyncpg.Connection, kind: str
) -> None:
    await cancelled_mid_statement(database, kind)
    assert await backends(admin, "state <> 'idle'") == []


@only_sqlite
async def test_the_next_writer_does_not_wait_for_a_cancelled_statement(database: Database) -> None:
    await cancelled_mid_statement(database, "session")
    async with asyncio.timeout(5):
        async with database.session() as session:
            session.add(Brand(name="a"))


async def test_a_deadline_rolls_back_like_any_cancellation(database: Database) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            async with database.session() as session:
                session.add(Brand(name="a"))
                await session.flush()
                await session.execute(endless(database))
    assert at_rest(database)
    async with database.read_session() as reading:
        assert (await reading.exec(select(Brand))).all() == []


@pytest.mark.parametrize("kind", ["session", "read_session"])
async def test_a_cancel_scope_leaves_nothing_behind_either(database: Database, kind: str) -> None:
    """As Starlette cancels a stream whose client is gone: again and again, until the task has ended."""
    for _ in range(3):
        with anyio.move_on_after(0.3) as cancel_scope:
            async with getattr(database, kind)() as session:
                if kind == "session":
                    session.add(Brand(name="never"))
                    await session.flush()
                await session.execute(endless(database))
        assert cancel_scope.cancelled_caught
        assert at_rest(database)
    async with database.session() as session:
        assert (await session.exec(select(Brand))).all() == []


@only_postgres
@pytest.mark.parametrize("kind", ["session", "read_session"])
async def test_postgresql_stops_working_for_a_cancel_scope(
    database: Database, admin: asyncpg.Connection, kind: str
) -> None:
    with anyio.move_on_after(0.3):
        async with getattr(database, kind)() as session:
            await session.execute(endless(database))

    async def quiet() -> bool:
        return await backends(admin, "state <> 'idle'") == []

    await until(quiet)


async def test_a_task_cancelled_again_while_it_cleans_up_still_gives_its_connection_back(database: Database) -> None:
    async def work() -> None:
        async with database.session() as session:
            session.add(Brand(name="a"))
            await session.flush()
            await asyncio.sleep(3600)

    for _ in range(5):
        task = asyncio.create_task(work())
        await asyncio.sleep(0.05)
        while not task.done():
            task.cancel()
            await asyncio.sleep(0)
        assert task.cancelled()
        assert at_rest(database)
    async with database.read_session() as reading:
        assert (await reading.exec(select(Brand))).all() == []


async def test_a_commit_under_way_ends_before_the_cancellation_is_heard(database: Database) -> None:
    """Or nobody could tell whether it was stored, and hooks would be lost for what was."""
    for number in range(10):
        committing, called = asyncio.Event(), asyncio.Event()

        @event.listens_for(database.engine.sync_engine, "commit")
        def _(_: Any, committing: asyncio.Event = committing) -> None:
            committing.set()

        async def work(number: int = number, called: asyncio.Event = called) -> None:
            async with database.session() as session:
                session.add(Brand(name=str(number)))
                session.on_commit(called.set)

        task = asyncio.create_task(work())
        await committing.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert called.is_set()
        assert at_rest(database)
    async with database.read_session() as reading:
        assert len((await reading.exec(select(Brand))).all()) == 10


async def test_a_task_cancelled_at_any_moment_of_its_work_loses_no_connection(open_database: OpenDatabase) -> None:
    """Connecting, setting up, beginning, working, committing: the cancellation comes a little later each time."""
    database = await open_database(pool_size=2, max_overflow=0, pool_timeout=20)
    stored = 0

    async def work(number: int) -> None:
        async with database.session() as session:
            session.add(Brand(name=f"{number}"))
            await session.flush()
            async with session.begin_nested():
                session.add(Brand(name=f"nested {number}"))

    for turns in range(60):
        if turns % 6 == 0:
            await database.dispose()
        task = asyncio.create_task(work(turns))
        for _ in range(turns):
            await asyncio.sleep(0.0005)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert at_rest(database), turns
    async with database.read_session() as reading:
        stored = len((await reading.exec(select(Brand))).all())
    assert stored % 2 == 0  # all of it or nothing
    async with asyncio.timeout(10):
        await asyncio.gather(*(work(1000 + number) for number in range(10)))


@only_postgres
async def test_a_connection_cut_short_while_it_was_set_up_is_not_left_on_the_server(
    open_database: OpenDatabase, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await open_database(pool_size=1, max_overflow=0, pool_timeout=20)
    await database.dispose()
    await until(lambda: nobody(admin))
    setting_up = asyncio.Event()

    async def stall(*_: Any, **__: Any) -> None:
        setting_up.set()
        await asyncio.sleep(3600)

    async def work() -> None:
        async with database.session() as session:
            await session.scalar(text("SELECT 1"))

    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "set_type_codec", stall)
        task = asyncio.create_task(work())
        await setting_up.wait()
        assert len(await backends(admin)) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await until(lambda: nobody(admin))
    assert at_rest(database)
    await work()


@only_postgres
async def test_a_caller_cancelled_while_it_connects_leaves_nothing_on_the_server(
    open_database: OpenDatabase, admin: asyncpg.Connection
) -> None:
    database = await open_database()

    async def work() -> None:
        async with database.session() as session:
            await session.scalar(text("SELECT 1"))

    for turns in range(1, 30):
        await database.dispose()
        task = asyncio.create_task(work())
        for _ in range(turns):
            await asyncio.sleep(0.0005)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await database.dispose()
    await until(lambda: nobody(admin))


async def nobody(admin: asyncpg.Connection) -> bool:
    return await backends(admin) == []


async def test_a_stream_that_breaks_gives_its_connection_back(database: Database) -> None:
    async with database.session() as session:
        session.add_all([Brand(name=f"{number}") for number in range(50)])

    async def stream() -> AsyncGenerator[str]:
        async with database.read_session() as reading, reading.snapshot():
            async for name in await reading.stream_scalars(select(Brand.name)):
                yield name

    rows = stream()
    assert await anext(rows)
    await rows.aclose()
    assert at_rest(database)


async def test_errors_hold_no_sql(database: Database) -> None:
    with pytest.raises(FrameworkError) as caught:
        async with database.read_session() as reading:
            await reading.execute(text("INSERT INTO depot_brand (name) VALUES ('secret-value')"))
    assert "INSERT" not in str(caught.value)
    assert "secret-value" not in str(caught.value)
