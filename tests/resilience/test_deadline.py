"""A request past its deadline leaves nothing behind: no row, no statement on the server, no connection out."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from framework import Project, Settings
from framework.db import Database, DatabaseSettings
from framework.web import create_app

only_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


class BankProject(Settings):
    database: DatabaseSettings = DatabaseSettings()


@pytest.fixture
async def database(project: Project) -> Database:
    async with project.scope() as scope:
        return await scope.get(Database)


@pytest.fixture
async def project(database_url: str) -> AsyncGenerator[Project]:
    settings = DatabaseSettings(url=database_url, pool_size=3, max_overflow=0, pool_timeout=5, client_check=1)
    apps = ("framework.db", "vault")
    made = Project(
        BankProject(_env_file=None, secret_key="only for tests " * 4, installed_apps=apps, database=settings)
    )  # pyright: ignore[reportCallIssue]
    async with made.scope() as scope:
        database = await scope.get(Database)
    from vault.models import Entry

    async with database.engine.begin() as connection:
        await connection.run_sync(Entry.metadata.create_all, tables=[Entry.__table__])
    yield made
    await database.dispose()


@pytest.fixture
async def http(project: Project) -> AsyncGenerator[httpx.AsyncClient]:
    app = create_app(project)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=30) as client,
    ):
        yield client


def at_rest(database: Database) -> bool:
    pools: list[Any] = [database.engine.pool, database.read_engine.pool]
    return all(pool.checkedout() == 0 for pool in pools)


async def test_nothing_is_stored_and_every_connection_is_back(http: httpx.AsyncClient, database: Database) -> None:
    late = await http.post("/endless/a")
    assert (late.status_code, late.json()["code"]) == (504, "deadline_exceeded")
    assert (await http.get("/endless")).status_code == 504
    assert at_rest(database)
    assert (await http.get("/entries/a")).status_code == 404
    began = time.monotonic()
    assert (await http.post("/entries", json={"key": "a", "amount": 2})).status_code == 201  # no lock is left either
    assert time.monotonic() - began < 5
    assert (await http.get("/entries/a")).json() == {"key": "a", "amount": 2}


async def test_many_that_are_late_at_once_leave_a_whole_pool(http: httpx.AsyncClient, database: Database) -> None:
    answers = await asyncio.gather(*(http.get("/endless") for _ in range(12)))
    assert {answer.status_code for answer in answers} == {504}
    assert at_rest(database)
    keys = [f"k{number}" for number in range(9)]
    added = await asyncio.gather(*(http.post("/entries", json={"key": key, "amount": 1}) for key in keys))
    assert {answer.status_code for answer in added} == {201}


async def asleep(admin: Any) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    return await admin.fetchval(query) > 0


async def awake(admin: Any) -> bool:
    return not await asleep(admin)


async def until(ask: Callable[[], Awaitable[bool]], otherwise: str) -> None:
    """Return when the answer is yes; fail after twenty seconds: a process may have to start."""
    for _ in range(400):
        if await ask():
            return
        await asyncio.sleep(0.05)
    pytest.fail(otherwise)


@only_postgres
async def test_the_statement_stops_on_the_server(http: httpx.AsyncClient, postgres_url: str) -> None:
    admin = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    waiting = asyncio.create_task(http.post("/endless/a"))
    await until(lambda: asleep(admin), "the statement never began")
    assert (await waiting).status_code == 504
    await until(lambda: awake(admin), "the statement goes on")
    await admin.close()


SLEEPER = """
import asyncio, sys
from sqlalchemy import text
from framework import Project, Settings
from framework.db import DatabaseSettings, Session

async def main():
    settings = DatabaseSettings(url=sys.argv[1], client_check=0.5)
    apps = ("framework.db",)
    project = Project(Settings(_environ={}, _env_file=None, debug=True, installed_apps=apps, database=settings))
    async with project.scope() as scope:
        await (await scope.get(Session)).execute(text("SELECT pg_sleep(600)"))

asyncio.run(main())
"""


async def test_the_statement_of_a_killed_process_stops_on_the_server(postgres_url: str, tmp_path: Path) -> None:
    admin = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    client = await asyncio.create_subprocess_exec(sys.executable, "-c", SLEEPER, postgres_url, cwd=tmp_path)
    try:
        await until(lambda: asleep(admin), "the statement never began")
        client.kill()
        await client.wait()
        await until(lambda: awake(admin), "the statement goes on")
    finally:
        if client.returncode is None:
            client.kill()
            await client.wait()
        await admin.close()


@only_postgres
async def test_the_server_looks_whether_we_are_still_there(database: Database) -> None:
    async with database.session() as session:
        assert await session.scalar(text("SHOW client_connection_check_interval")) == "1s"
        assert await session.scalar(text("SHOW statement_timeout")) == "30s"
