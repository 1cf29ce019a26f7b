"""A PostgreSQL database to migrate."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from workbench import Base, Workshop

from framework.db.url import DatabaseURL
from framework.migrations.database.connection import open_engine


@pytest.fixture
async def postgres(postgres_url: str, workshop: Workshop, tmp_path: Path) -> AsyncGenerator[Base]:
    """An empty PostgreSQL database."""
    engine = open_engine(DatabaseURL.parse(postgres_url, root=tmp_path))
    yield Base(engine, workshop)
    await engine.dispose()
