"""Databases with the tables of the test apps."""

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from framework.db.database import Database
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
