"""Databases with the tables of the test apps."""

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from framework.db.sessions.database import Database
from framework.db.settings import DatabaseSettings

type OpenDatabase = Callable[..., Awaitable[Database]]


@pytest.fixture
async def open_database(database_url: str, tmp_path: Path) -> AsyncGenerator[OpenDatabase]:
    """Return a function that opens the test's database; tables of the apps `depot` are made the first time."""
    async with AsyncExitStack() as stack:

        async def open_(**settings: Any) -> Database:
            from depot.models import TABLES
            from sqlmodel import SQLModel

            database = Database(DatabaseSettings(url=database_url, **settings), tmp_path)
            stack.push_async_callback(database.dispose)
            async with database.engine.begin() as connection:
                await connection.run_sync(SQLModel.metadata.create_all, tables=TABLES)
            return database

        yield open_


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    """The test's database, once on SQLite and once on PostgreSQL."""
    return await open_database()


@pytest.fixture
async def library(database: Database) -> Database:
    """The test's database with the tables of the apps `people` and `library`."""
    import library.models
    import people.models
    from sqlmodel import SQLModel

    from framework.db.mapping.labels import all_models, label_of

    assert library.models, people.models
    names = {model.__table__.name for model in all_models() if label_of(model) in ("library", "people")}  # type: ignore[attr-defined]
    async with database.engine.begin() as connection:
        tables = [SQLModel.metadata.tables[name] for name in names]
        await connection.run_sync(SQLModel.metadata.create_all, tables=tables)
    return database


@pytest.fixture
async def session(library: Database) -> AsyncGenerator[Any]:
    """A session on the library's database."""
    async with library.session() as session:
        yield session
