"""Servers of a test's own, and projects with a small app on one database."""

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from framework import Project, Settings
from framework.cache import Cache, MemoryCache
from framework.db import Database
from tests.valkey import make_server, server  # noqa: F401  # fixtures

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
