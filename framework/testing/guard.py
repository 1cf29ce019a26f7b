"""Keeps tests away from every database that is not theirs."""

from pathlib import Path
from typing import TYPE_CHECKING

from framework.errors import ImproperlyConfigured

if TYPE_CHECKING:
    import pytest

    from framework.db.url import DatabaseURL

__all__ = ["TestDatabases"]

HINT = """Take the project from a fixture, which has a database of its own, instead of importing config.asgi or calling
        ProjectSettings():    async def test_posts(client): …    or    def test_posts(project_with): …
        To open this one on purpose, ask for the fixture allow_database and call it with the URL."""


class TestDatabases:
    """What a project may open in this run: SQLite files in pytest's temporary folder, and what was allowed by name."""

    __test__ = False  # no class of tests

    def __init__(self) -> None:
        self.folders: pytest.TempPathFactory | None = None
        """Pytest's temporary folders, once the first test is set up; before that there is no test database at all."""
        self._allowed: set[str] = set()

    def allow(self, url: str) -> None:
        """Let projects open the database at `url`."""
        self._allowed.add(address(url))

    def forget(self, url: str) -> None:
        """Allow it no longer."""
        self._allowed.discard(address(url))

    def __call__(self, url: "DatabaseURL") -> None:
        """Raise unless `url` is a test database."""
        if str(url) in self._allowed or (url.path is not None and self._is_temporary(url.path)):
            return
        raise ImproperlyConfigured(
            f"A test opened {str(url)!r}, which is no test database.", hint=HINT, code="testing.database"
        )

    def _is_temporary(self, path: Path) -> bool:
        return self.folders is not None and path.resolve().is_relative_to(self.folders.getbasetemp().resolve())


def address(url: str) -> str:
    from framework.db.url import DatabaseURL

    return str(DatabaseURL.parse(url, root=Path()))
