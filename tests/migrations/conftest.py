"""Apps with models and migrations in a temporary folder, and databases to migrate."""

import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from workbench import Base, Workshop

from framework.db.url import DatabaseURL
from framework.migrations.database.connection import open_engine


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """Apps `blog` and `users` with a folder for migrations each."""
    before = set(sys.modules)
    yield Workshop(tmp_path)
    for name in set(sys.modules) - before:
        if ".migrations.0" in name:
            del sys.modules[name]


@pytest.fixture
async def base(database_url: str, workshop: Workshop, tmp_path: Path) -> AsyncGenerator[Base]:
    """An empty database, once SQLite and once PostgreSQL."""
    engine = open_engine(DatabaseURL.parse(database_url, root=tmp_path))
    yield Base(engine, workshop)
    await engine.dispose()


@pytest.fixture
async def sqlite(workshop: Workshop, tmp_path: Path) -> AsyncGenerator[Base]:
    """An empty SQLite database."""
    engine = open_engine(DatabaseURL.parse(f"sqlite:///{tmp_path / 'test.sqlite3'}", root=tmp_path))
    yield Base(engine, workshop)
    await engine.dispose()
