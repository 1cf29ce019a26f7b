"""Tiny projects: packages of this folder, and apps that a test writes in its own words."""

import socket
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from framework import Project, Settings
from framework.web import WebSettings, create_app

sys.path.insert(0, str(Path(__file__).parent))


class WebProject(Settings):
    """A project with a web section."""

    web: WebSettings = WebSettings()


type Build = Callable[..., Project]
type Write = Callable[..., str]


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> Build:
    """Load a project of the named apps. Keywords are its settings."""

    def build(*apps: str, **settings: Any) -> Project:
        settings = {"secret_key": "only for tests " * 4, **settings}
        return Project(WebProject(_env_file=None, installed_apps=apps, **settings))  # pyright: ignore[reportCallIssue]

    return build


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Write]:
    """Write an app: `write("blog", routes="router = ...")`. Returns its name."""
    written: list[str] = []
    folder = tmp_path / "apps"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def write(name: str, **modules: str) -> str:
        (folder / name).mkdir()
        (folder / name / "__init__.py").touch()
        config = f"from framework import AppConfig\nclass Config(AppConfig):\n    name = {name!r}\n"
        for module, source in {"apps": config, **modules}.items():
            (folder / name / f"{module}.py").write_text(dedent(source))
        written.append(name)
        return name

    yield write
    for module in list(sys.modules):
        if module.partition(".")[0] in written:
            del sys.modules[module]


@pytest.fixture
def client() -> Callable[..., Any]:
    """Call an application without a network: `async with client(app) as http`. Errors of the server are answers."""

    @asynccontextmanager
    async def open_client(
        served: FastAPI | Project, *, raises: bool = False, **options: Any
    ) -> AsyncGenerator[httpx.AsyncClient]:
        app = create_app(served) if isinstance(served, Project) else served
        transport = httpx.ASGITransport(app, raise_app_exceptions=raises)
        async with app.router.lifespan_context(app):
            options = {"base_url": "http://localhost", **options}
            async with httpx.AsyncClient(transport=transport, **options) as http:
                yield http

    return open_client


class Servers:
    """Applications on real sockets: `url = serve(app)`."""

    def __init__(self) -> None:
        self._running: list[tuple[uvicorn.Server, threading.Thread, socket.socket]] = []

    def __call__(self, served: FastAPI | Project, *, listener: socket.socket | None = None, **options: Any) -> str:
        app = create_app(served) if isinstance(served, Project) else served
        listener = listener or socket.create_server(("127.0.0.1", 0))
        options = {"log_config": None, "access_log": False, "timeout_graceful_shutdown": 5, **options}
        server = uvicorn.Server(uvicorn.Config(app, **options))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        self._running.append((server, thread, listener))
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        address = listener.getsockname()
        return f"http://127.0.0.1:{address[1]}" if isinstance(address, tuple) else address

    def stop(self) -> None:
        """Stop them all, the way a signal does."""
        for server, thread, listener in self._running:
            server.should_exit = True
            thread.join(10)
            listener.close()
        self._running.clear()


@pytest.fixture
def serve() -> Generator[Servers]:
    """Serve applications on real sockets. They are stopped with the test."""
    servers = Servers()
    yield servers
    servers.stop()
