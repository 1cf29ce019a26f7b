"""The pytest plugin: fixtures for projects and for the real servers they use.

pytest loads it in every run, so importing it loads no web and no database.
"""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from framework.testing.databases import Postgres
from framework.testing.servers import Broker, Kind, Servers, ask

servers_key = pytest.StashKey[Servers]()
broker_key = pytest.StashKey[Broker]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where to ask for servers."""
    stash = node.config.stash
    if broker_key not in stash:
        stash[broker_key] = Broker(stash.setdefault(servers_key, Servers()))
    node.workerinput["framework_servers"] = stash[broker_key].address


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers with the run."""
    if broker_key in config.stash:
        config.stash[broker_key].close()
    if servers_key in config.stash:
        config.stash[servers_key].close()


def worker_of(config: pytest.Config) -> str:
    """Return the name of this worker of pytest-xdist, or `main`."""
    return getattr(config, "workerinput", {}).get("workerid", "main")


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
    return Postgres(server_url("postgres"), worker_of(request.config))


@pytest.fixture
def postgres_url(postgres_databases: Postgres) -> Generator[str]:
    """The URL of an empty PostgreSQL database of this test alone."""
    url = postgres_databases.create()
    yield url
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
