"""Throttlers on memory and on a real server, projects with an app that a test writes, and servers to pull down."""

import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import pytest

from framework import Project, Settings
from framework.cache import CacheSettings
from framework.throttling import Throttler, ThrottlingSettings
from framework.throttling.stores import Memory, Redis, Stores
from framework.throttling.windows import FixedWindows, SlidingWindows
from framework.web import WebSettings, create_app
from tests.valkey import make_server, server  # noqa: F401  # fixtures

WINDOWS = {"fixed": FixedWindows, "sliding": SlidingWindows}


@pytest.fixture(params=["memory", "redis"])
async def stores(request: pytest.FixtureRequest) -> AsyncGenerator[Stores]:
    if request.param == "memory":
        made: Stores = Memory(1000)
    else:
        url = request.getfixturevalue("redis_url")
        made = Redis(url, prefix="t:", timeout=2, retry=5, max_connections=20, max_keys=1000)
    yield made
    await made.close()


@pytest.fixture(params=["fixed", "sliding"])
def throttler(request: pytest.FixtureRequest, stores: Stores) -> Throttler:
    return Throttler(stores, WINDOWS[request.param](), rates={})


class ThrottlingProject(Settings):
    web: WebSettings = WebSettings()
    cache: CacheSettings = CacheSettings()
    throttling: ThrottlingSettings = ThrottlingSettings()


type Build = Callable[..., Project]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Build]:
    """Load a project of the app whose routes (or other modules) are given: `build("router = …", callers="…")`."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def build(
        routes: str, *, environ: dict[str, str] | None = None, modules: dict[str, str] | None = None, **settings: Any
    ) -> Project:
        folder = tmp_path / "site_app"
        folder.mkdir()
        config = "from framework import AppConfig\nclass Config(AppConfig):\n    name = 'site_app'\n"
        for name, source in {"__init__": "", "apps": config, "routes": routes, **(modules or {})}.items():
            (folder / f"{name}.py").write_text(dedent(source))
        apps = ("framework.cache", "framework.throttling", "site_app")
        settings = {"secret_key": "only for tests " * 4, "installed_apps": apps, **settings}
        return Project(ThrottlingProject(_environ=environ or {}, _env_file=None, **settings))  # pyright: ignore[reportCallIssue]

    yield build
    for module in [name for name in sys.modules if name.partition(".")[0] == "site_app"]:
        del sys.modules[module]


@pytest.fixture
def client() -> Callable[..., Any]:
    """Call a project without a network, from any address: `async with client(project, "10.0.0.1") as http`."""

    @asynccontextmanager
    async def open_client(project: Project, address: str = "192.0.2.1") -> AsyncGenerator[httpx.AsyncClient]:
        app = create_app(project)
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
        ):
            yield http

    return open_client
