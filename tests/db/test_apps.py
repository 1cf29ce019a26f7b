# errors are to leave a scope
"""The app at work in a project: in scopes, behind routes, in background tasks."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import httpx
import pytest
from depot.models import TABLES, Brand
from fastapi import APIRouter, BackgroundTasks, FastAPI
from fastapi.responses import StreamingResponse
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import SQLModel, select

from framework import Project, Settings
from framework.db import Database, DatabaseSettings, ReadSession, Session
from framework.errors import Conflict, FrameworkError
from framework.health.services import Health
from framework.web import Inject, WebSettings, create_app
from framework.web.settings import LoadSettings


class DepotSettings(Settings):
    installed_apps: tuple[str, ...] = ("framework.db", "framework.health", "depot")
    allowed_hosts: tuple[str, ...] = ("test",)
    database: DatabaseSettings = DatabaseSettings()
    web: WebSettings = WebSettings()


type MakeProject = Callable[..., Awaitable[Project]]


@pytest.fixture
async def make_project(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[MakeProject]:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    databases: list[Database] = []

    async def make(load: LoadSettings | None = None, **settings: Any) -> Project:
        database, web = DatabaseSettings(url=database_url, **settings), WebSettings(load=load or LoadSettings())
        project = Project(DepotSettings(database=database, web=web, secret_key=SecretStr(token_urlsafe(50))))
        async with project.scope() as scope:
            databases.append(await scope.get(Database))
        async with databases[-1].engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all, tables=TABLES)
        return project

    yield make
    for database in databases:
        await database.dispose()


async def stored(project: Project) -> list[str]:
    async with project.scope() as scope:
        return list(await (await scope.get(ReadSession)).exec(select(Brand.name).order_by(Brand.name)))


async def at_rest(project: Project) -> bool:
    async with project.scope() as scope:
        database = await scope.get(Database)
    pools: list[Any] = [database.engine.pool, database.read_engine.pool]
    return all(pool.checkedout() == 0 for pool in pools)


# Scopes ------------------------------------------------------------------------------------------------------------


async def test_a_scope_has_one_session_and_commits_it(make_project: MakeProject) -> None:
    project = await make_project()
    async with project.lifespan():
        async with project.scope() as scope:
            session = await scope.get(Session)
            assert await scope.get(Session) is session
            session.add(Brand(name="a"))
            reading = await scope.get(ReadSession)
            assert (await reading.exec(select(Brand.name))).all() == ["a"]
        assert await stored(project) == ["a"]
        assert await at_rest(project)


async def test_an_exception_and_a_cancellation_roll_the_scope_back(make_project: MakeProject) -> None:
    project = await make_project()
    async with project.lifespan():

        async def work(error: BaseException) -> None:
            async with project.scope() as scope:
                session = await scope.get(Session)
                session.add(Brand(name="a"))
                await session.flush()
                raise error

        for error in (LookupError(), asyncio.CancelledError()):
            with pytest.raises(type(error)):
                await work(error)
        assert await stored(project) == []
        assert await at_rest(project)


async def test_a_commit_that_fails_leaves_the_scope(make_project: MakeProject) -> None:
    project = await make_project()
    async with project.lifespan():
        with pytest.raises(Conflict):
            async with project.scope() as scope:
                (await scope.get(Session)).add_all([Brand(name="a"), Brand(name="a")])
        assert await stored(project) == []
        assert await at_rest(project)


async def test_the_projects_end_closes_its_connections(make_project: MakeProject) -> None:
    project = await make_project()
    async with project.scope() as scope:
        database = await scope.get(Database)

    def kept() -> list[int]:
        return [engine.pool.checkedin() for engine in (database.engine, database.read_engine)]  # type: ignore[attr-defined]

    async with project.lifespan():
        assert await stored(project) == []
        assert kept() == [1, 1]
    assert kept() == [0, 0]
    async with project.lifespan():  # and it can start again
        assert await stored(project) == []


async def test_two_projects_share_no_connection(make_project: MakeProject, tmp_path: Path, database_url: str) -> None:
    first = await make_project()
    other = Project(DepotSettings(database=DatabaseSettings(url=f"sqlite:///{tmp_path}/other.sqlite3")))
    async with first.lifespan(), other.lifespan(), first.scope() as scope, other.scope() as beside:
        assert await scope.get(Database) is not await beside.get(Database)
        await (await beside.get(Session)).execute(text("CREATE TABLE t (n INTEGER)"))


async def test_health_asks_the_database(make_project: MakeProject, tmp_path: Path) -> None:
    project = await make_project()
    async with project.lifespan(), project.scope() as scope:
        health = await scope.get(Health)
        assert (await health.report()).checks["database"].status == "ok"

        async def broken() -> None:
            raise OSError("gone")

        (await scope.get(Database)).ping = broken  # type: ignore[method-assign]
        assert (await health.report()).status == "error"


# Routes ------------------------------------------------------------------------------------------------------------


router = APIRouter()


@router.post("/brands/{name}", status_code=201)
async def create(name: str, session: Inject[Session]) -> str:
    session.add(Brand(name=name))
    return name


@router.post("/careful/{name}")
async def careful(name: str, session: Inject[Session]) -> str:
    try:
        async with session.begin_nested():
            session.add(Brand(name=name))
    except Conflict:
        session.add(Brand(name=f"{name}, again"))
        return "there already"
    return "new"


@router.post("/careless/{name}")
async def careless(name: str, session: Inject[Session]) -> str:
    session.add(Brand(name=name))
    try:
        await session.flush()
    except Conflict:
        return "never mind"
    return "new"


@router.get("/slow")
async def slow(session: Inject[Session]) -> int:
    await session.exec(select(Brand))
    await asyncio.sleep(0.3)
    return 1


@router.get("/late-stream")
async def late_stream(session: Inject[Session]) -> StreamingResponse:
    async def rows() -> AsyncIterator[str]:
        for name in await session.exec(select(Brand.name)):
            yield name

    return StreamingResponse(rows())


@router.post("/late-task/{name}")
async def late_task(name: str, session: Inject[Session], project: Inject[Project], tasks: BackgroundTasks) -> str:
    async def with_the_requests_session() -> None:
        try:
            session.add(Brand(name="never"))
            await session.commit()
        except FrameworkError as error:
            logging.getLogger("test").error(error.code)

    async def with_a_scope_of_its_own() -> None:
        async with project.scope() as scope:
            own = await scope.get(Session)
            own.add(Brand(name=f"{name}, later"))

    session.add(Brand(name=name))
    tasks.add_task(with_the_requests_session)
    tasks.add_task(with_a_scope_of_its_own)
    return name


@asynccontextmanager
async def serving(project: Project) -> AsyncGenerator[httpx.AsyncClient]:
    app: FastAPI = create_app(project)
    app.include_router(router)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with project.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_failed_commit_is_a_409_that_names_the_field_and_never_a_200(make_project: MakeProject) -> None:
    project = await make_project()
    async with serving(project) as client:
        assert (await client.post("/brands/a")).status_code == 201
        assert await stored(project) == ["a"]  # before the client heard of it
        answer = await client.post("/brands/a")
        assert answer.status_code == 409
        assert "INSERT" not in answer.text
        assert "uq_" not in answer.text
        assert "name" in answer.text
        assert answer.json()["code"] == "conflict"
        assert await at_rest(project)


async def test_a_conflict_is_caught_in_a_savepoint_and_the_rest_is_stored(make_project: MakeProject) -> None:
    project = await make_project()
    async with serving(project) as client:
        assert (await client.post("/careful/a")).json() == "new"
        assert (await client.post("/careful/a")).json() == "there already"
        assert await stored(project) == ["a", "a, again"]


async def test_a_conflict_swallowed_without_a_savepoint_is_no_200(make_project: MakeProject) -> None:
    project = await make_project()
    async with serving(project) as client:
        assert (await client.post("/careless/a")).json() == "new"
        assert (await client.post("/careless/a")).status_code == 500
        assert await stored(project) == ["a"]
        assert await at_rest(project)


async def test_an_exhausted_pool_is_a_503_that_says_when_to_come_back(make_project: MakeProject) -> None:
    project = await make_project(pool_size=1, max_overflow=0, pool_timeout=0.05)
    async with serving(project) as client:
        answers = await asyncio.gather(client.get("/slow"), client.get("/slow"), client.get("/slow"))
        assert sorted(answer.status_code for answer in answers) == [200, 503, 503]
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert refused.headers["retry-after"] == "1"
        assert "pool_size" not in refused.text  # that is for whoever runs the project
        assert await at_rest(project)
        assert (await client.get("/slow")).status_code == 200


async def test_a_background_task_works_in_a_scope_of_its_own_and_not_in_the_requests(
    make_project: MakeProject, caplog: pytest.LogCaptureFixture
) -> None:
    project = await make_project()
    async with serving(project) as client:
        assert (await client.post("/late-task/a")).status_code == 200
        assert await stored(project) == ["a", "a, later"]
        assert "db.session-closed" in caplog.text
        assert await at_rest(project)


async def test_a_stream_cannot_reopen_the_requests_session(
    make_project: MakeProject, caplog: pytest.LogCaptureFixture
) -> None:
    project = await make_project()
    async with serving(project) as client:
        try:
            answer = await client.get("/late-stream")
        except (httpx.HTTPError, FrameworkError):
            pass
        else:
            assert answer.text == ""
        assert await at_rest(project)


async def test_a_hundred_requests_at_once_lose_nothing(make_project: MakeProject) -> None:
    # A slow machine that needs seconds to begin with all of them is not what is tested.
    project = await make_project(pool_timeout=50, load=LoadSettings(interval=10))
    async with serving(project) as client:
        answers = await asyncio.gather(*(client.post(f"/brands/{number}") for number in range(100)))
        assert {answer.status_code for answer in answers} == {201}
        assert len(await stored(project)) == 100
        assert await at_rest(project)
