"""Projects that begin with a database."""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import asyncpg
from sessions import sessions

from framework.db.url import DatabaseURL
from framework.migrations.database.connection import open_engine
from framework.migrations.inspection.live import Live
from framework.migrations.inspection.reflect import reflect

SCHEMAS = Path(__file__).parent / "schemas"
FILES = {
    "config/__init__.py": "",
    "config/settings.py": """
        from framework import Settings
        from framework.db import DatabaseSettings


        class ProjectSettings(Settings):
            installed_apps: tuple[str, ...] = ("framework.db", "framework.migrations", "legacy")
            database: DatabaseSettings = DatabaseSettings(url="sqlite:///nothing.sqlite3")
        """,
    "legacy/__init__.py": "",
    "legacy/apps.py": "from framework import AppConfig\n\n\nclass LegacyConfig(AppConfig):\n    name = 'legacy'\n",
}
SECRET = "0123456789abcdefghijklmnopqrstuvwxyz-legacy"


@dataclass
class Legacy:
    """A folder with a project of one app, whose models are still to be written."""

    path: Path

    def write(self, models: str) -> None:
        for name, text in {**FILES, "legacy/models.py": models}.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text if name == "legacy/models.py" else dedent(text))

    def manage(self, url: str, *lines: str) -> str:
        """Run commands in one process, `use URL` among them; return all they print, and their exit codes."""
        hidden = ("DEBUG", "FRAMEWORK_SETTINGS", "DATABASE_URL", "SECRET_KEY", "FORCE_COLOR")
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        return sessions().run([f"use {url}", *lines], self.path, environment | {"SECRET_KEY": SECRET})


async def load(url: str, *statements: str) -> None:
    """Run SQL, several statements at once, as the database's own client would."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.partition("///")[2])
        try:
            for statement in statements:
                connection.executescript(statement)
        finally:
            connection.close()
        return
    postgres: Any = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        for statement in statements:
            await postgres.execute(statement)
    finally:
        await postgres.close()


def schema(name: str, url: str) -> str:
    return (SCHEMAS / f"{name}.{'sqlite' if url.startswith('sqlite') else 'postgresql'}.sql").read_text()


async def read(url: str, *schemas: str | None) -> Live:
    """Return what a database holds."""
    engine = open_engine(DatabaseURL.parse(url, root=Path.cwd()))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(lambda sync: reflect(sync, schemas or (None,)))
    finally:
        await engine.dispose()
