"""Projects whose users are their own, on both databases."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from place import Place


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Place:
    """The project of the page, once on SQLite and once on PostgreSQL."""
    return Place(tmp_path, database_url)


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Place:
    """The project of the page on SQLite."""
    return Place(tmp_path, f"sqlite:///{tmp_path / 'db.sqlite3'}")
