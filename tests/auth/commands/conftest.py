"""A project with users, and its command line in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.programs import SESSION
from tests.terminal import Terminal

SETTINGS = """
from framework import Settings
from framework.auth import AuthSettings


class ProjectSettings(Settings):
    installed_apps: tuple[str, ...] = (
        "framework.db",
        "framework.migrations",
        "framework.cache",
        "framework.throttling",
        "framework.mail",
        "framework.users",
        "framework.auth",
    )
    auth: AuthSettings = AuthSettings(login_fields={fields})
"""


class Site:
    """A project in a folder."""

    def __init__(self, folder: Path, database_url: str, *fields: str) -> None:
        self.folder = folder
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        self.environ = {
            **kept,
            "DATABASE_URL": database_url,
            "SECRET_KEY": "x1y2z3w4" * 5,
            "AUTH__PASSWORDS__BCRYPT_COST": "4",
            "LOGNAME": "ann",
        }
        (folder / "config").mkdir()
        (folder / "config" / "__init__.py").touch()
        (folder / "config" / "settings.py").write_text(SETTINGS.format(fields=fields))

    def manage(self, *lines: str, stdin: str = "", **environ: str) -> str:
        """Run commands in one process, one after the other; return all they print, and their exit codes."""
        done = subprocess.run(
            [sys.executable, "-c", SESSION, *lines],
            cwd=self.folder,
            env=self.environ | environ,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=150,
            check=True,
        )
        return done.stdout


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Site:
    """A project whose users log in by email, once on SQLite and once on PostgreSQL."""
    return Site(tmp_path, database_url, "email")


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Run commands at a terminal, in a project on SQLite whose users log in by email and by username."""
    open_: list[Terminal] = []
    site = Site(tmp_path, f"sqlite:///{tmp_path / 'db.sqlite3'}", "email", "username")

    def start(*lines: str) -> Terminal:
        open_.append(Terminal(tmp_path, site.environ, "-c", SESSION, *lines))
        return open_[-1]

    yield start
    for terminal in open_:
        terminal.close()
