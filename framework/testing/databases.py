"""PostgreSQL databases that live for one test."""

import asyncio
import importlib
import itertools
import secrets
import threading
from collections.abc import Callable, Coroutine
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from framework.errors import FrameworkError

__all__ = ["Postgres", "run_sync"]


def run_sync[T](work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run `work` to its end in a loop of its own, also where another loop is running, and return its result."""
    results: list[T] = []
    errors: list[BaseException] = []

    def target() -> None:
        try:
            results.append(asyncio.run(work()))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=target, name="framework-testing")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


class Postgres:
    """Makes and drops databases on a server, all named `test_<worker>_<run>_<number>`. Asks for it when needed."""

    def __init__(self, server: Callable[[], str], worker: str) -> None:
        self._server = server
        # The token keeps two runs on one server apart.
        self._prefix = f"test_{worker}_{secrets.token_hex(4)}"
        self._numbers = itertools.count(1)

    @cached_property
    def _admin(self) -> str:
        scheme, *rest = urlsplit(self._server())
        if scheme.partition("+")[0] not in ("postgres", "postgresql"):
            raise FrameworkError(
                f"TEST_DATABASE_URL has to name a PostgreSQL server, found the scheme {scheme!r}.",
                hint="export TEST_DATABASE_URL=postgresql://user:password@localhost:5432/postgres",
                code="testing.database-url",
            )
        return urlunsplit(("postgresql", *rest))

    def create(self, template: str | None = None) -> str:
        """Return the URL of a new database: empty, or a copy of the one at the URL `template`."""
        name = f"{self._prefix}_{next(self._numbers)}"
        source = "template0" if template is None else database_name(template)
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{source}" {self._strategy}')
        parts = urlsplit(self._admin)
        return urlunsplit(parts._replace(scheme="postgresql+asyncpg", path=f"/{name}"))

    @cached_property
    def _strategy(self) -> str:
        """How a database is copied: file by file is the fastest way where no checkpoint has to reach the disk."""
        fits = "SELECT current_setting('fsync') = 'off' AND current_setting('server_version_num')::int >= 150000"
        return "STRATEGY FILE_COPY" if self._run(fits) else ""

    def drop(self, url: str) -> None:
        """Drop the database at `url`, whoever is still connected."""
        self._run(f'DROP DATABASE IF EXISTS "{database_name(url)}" WITH (FORCE)')

    def _run(self, statement: str) -> object:
        """Run a statement and return its value, None where it has none."""
        asyncpg: Any = importlib.import_module("asyncpg")  # untyped, and of no use to runs without PostgreSQL

        async def work() -> object:
            connection = await asyncpg.connect(self._admin)
            try:
                return await connection.fetchval(statement)
            finally:
                await connection.close()

        return run_sync(work)


def database_name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")
