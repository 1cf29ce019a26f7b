"""The pytest plugin: fixtures for projects and for the real servers they use.

pytest loads it in every run, so importing it loads no web and no database.
"""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from framework.db.guards import guards
from framework.testing import backend
from framework.testing.client import connect
from framework.testing.databases import Postgres
from framework.testing.guard import TestDatabases
from framework.testing.mailbox import Mailbox
from framework.testing.projects import Projects, Templates
from framework.testing.rows import Make
from framework.testing.servers import Broker, Kind, Servers, ask
from framework.testing.settings import find_class
from framework.testing.users import LogIn

if TYPE_CHECKING:
    from fastapi import FastAPI
    from httpx import AsyncClient

    from framework.project import Project
    from framework.services import Scope

servers_key = pytest.StashKey[Servers]()
broker_key = pytest.StashKey[Broker]()
guard_key = pytest.StashKey[TestDatabases]()


# The run -----------------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the project's pytest configuration may say."""
    parser.addini(
        "framework_settings", "The settings class that project_with builds: 'config.settings:ProjectSettings'."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Guard the databases from here on, so that tests which open a project while they are collected fail too."""
    config.stash[guard_key] = TestDatabases()
    guards.append(config.stash[guard_key])
    config.pluginmanager.register(backend, "framework-backend")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers with the run."""
    guards.remove(config.stash[guard_key])
    if broker_key in config.stash:
        config.stash[broker_key].close()
    if servers_key in config.stash:
        config.stash[servers_key].close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where to ask for servers."""
    stash = node.config.stash
    if broker_key not in stash:
        stash[broker_key] = Broker(stash.setdefault(servers_key, Servers()))
    node.workerinput["framework_servers"] = stash[broker_key].address


def worker_of(config: pytest.Config) -> str:
    """Return the name of this worker of pytest-xdist, or `main`."""
    return getattr(config, "workerinput", {}).get("workerid", "main")


# Servers -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def server_url(request: pytest.FixtureRequest) -> Callable[[Kind], str]:
    """Return the function that names a server's URL and starts it first when it has to."""
    config = request.config
    address = getattr(config, "workerinput", {}).get("framework_servers")
    if address is not None:
        return ask(address)
    return config.stash.setdefault(servers_key, Servers()).url


@pytest.fixture(scope="session")
def postgres_databases(request: pytest.FixtureRequest, server_url: Callable[[Kind], str]) -> Postgres:
    """Makes and drops databases on the real PostgreSQL of this run."""
    return Postgres(lambda: server_url("postgres"), worker_of(request.config))


@pytest.fixture(scope="session")
def test_databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TestDatabases:
    """What projects may open in this run."""
    databases = request.config.stash[guard_key]
    databases.folders = tmp_path_factory
    return databases


@pytest.fixture(scope="session", autouse=True)
def _temporary_files_are_test_databases(test_databases: TestDatabases) -> None:
    """Let every test open SQLite files in its `tmp_path`."""


@pytest.fixture
def allow_database(test_databases: TestDatabases) -> Generator[Callable[[str], None]]:
    """Call it with the URL of a database that is not the test's own and that projects may open all the same."""
    allowed: list[str] = []

    def allow(url: str) -> None:
        test_databases.allow(url)
        allowed.append(url)

    yield allow
    for url in allowed:
        test_databases.forget(url)


@pytest.fixture
def postgres_url(postgres_databases: Postgres, test_databases: TestDatabases) -> Generator[str]:
    """The URL of an empty PostgreSQL database of this test alone."""
    url = postgres_databases.create()
    test_databases.allow(url)
    yield url
    test_databases.forget(url)
    postgres_databases.drop(url)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of this test alone; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    return f"sqlite+aiosqlite:///{tmp_path / 'test.sqlite3'}"


@pytest.fixture
def redis_url(request: pytest.FixtureRequest, server_url: Callable[[Kind], str]) -> str:
    """The URL of an empty Redis database; no other worker uses it."""
    import redis

    parts = urlsplit(server_url("valkey"))
    worker = worker_of(request.config).removeprefix("gw")
    number = int(parts.path.removeprefix("/") or 0) + (int(worker) + 1 if worker.isdigit() else 0)
    url = urlunsplit(parts._replace(path=f"/{number}"))
    connection: Any = redis.Redis.from_url(url)  # pyright: ignore[reportUnknownMemberType]
    with connection:
        connection.flushdb()
    return url


# Projects ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _templates(
    tmp_path_factory: pytest.TempPathFactory, postgres_databases: Postgres, test_databases: TestDatabases
) -> Generator[Templates]:
    """The migrated databases of this worker."""
    templates = Templates(tmp_path_factory.mktemp("databases"), postgres_databases, test_databases)
    yield templates
    templates.close()


@pytest.fixture
async def project_with(
    request: pytest.FixtureRequest, anyio_backend: object, _templates: Templates
) -> AsyncGenerator[Projects]:
    """Make projects: `project_with(cache=CacheSettings(prefix="t:"))`, each on a migrated database of its own.

    They read no environment and no `.env`. Another settings class may come first: `project_with(Small)`.
    """
    projects = Projects(lambda: find_class(request.config), _templates)
    yield projects
    await projects.close()


@pytest.fixture
def project(project_with: Projects) -> "Project":
    """The project that `app`, `client` and `scope` use. Override it to change the settings or a service."""
    return project_with()


@pytest.fixture
def app(project: "Project") -> "FastAPI":
    """The project as ASGI servers serve it."""
    from framework.web import create_app

    return create_app(project)


@pytest.fixture
async def _running(request: pytest.FixtureRequest, project: "Project") -> AsyncGenerator[Mapping[str, object]]:
    """Keep the project running, once for a test that has both a client and a scope, and hold the lifespan's state."""
    if "app" in request.fixturenames:
        app: Any = request.getfixturevalue("app")
        async with app.router.lifespan_context(app) as state:
            yield state or {}
    else:
        async with project.lifespan():
            yield {}


@pytest.fixture
async def client(app: "FastAPI", _running: Mapping[str, object]) -> AsyncGenerator["AsyncClient"]:
    """An `httpx.AsyncClient` that calls the running project without a network. Errors of the server are raised."""
    async with connect(app, _running) as client:
        yield client


@pytest.fixture
async def scope(project: "Project", _running: Mapping[str, object]) -> AsyncGenerator["Scope"]:
    """A unit of work of the running project: `posts = await scope.get(PostService)`.

    It is committed after the test; commit before, when `client` is to see what was written.
    """
    async with project.scope() as scope:
        yield scope


@pytest.fixture
def make(project: "Project", _running: Mapping[str, object]) -> Make:
    """Make rows: `await make(Product, name="A")` fills in whatever else the table requires, and commits."""
    return Make(project)


@pytest.fixture
def mailbox(project: "Project", _running: Mapping[str, object]) -> Mailbox:
    """The mails of the running project: `(mail,) = await mailbox.read()`. None leaves the test."""
    return Mailbox(project)


@pytest.fixture
def log_in(project: "Project", client: "AsyncClient", make: Make) -> LogIn:
    """Log `client` in: `user = await log_in(permissions=["blog.change_post"])`; a user may come first."""
    return LogIn(project, client, make)
