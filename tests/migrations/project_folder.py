"""A project in a folder of its own, with commands that run there."""

import os
from collections.abc import Mapping
from pathlib import Path

from sessions import sessions

from tests.programs import write

FILES = {
    "config/__init__.py": "",
    "config/settings.py": """
        from framework import Settings
        from framework.db import DatabaseSettings


        class ProjectSettings(Settings):
            installed_apps: tuple[str, ...] = ("framework.db", "framework.migrations", "blog", "people")
            database: DatabaseSettings = DatabaseSettings(url="sqlite:///db.sqlite3")
        """,
    "blog/__init__.py": "",
    "blog/apps.py": "from framework import AppConfig\n\n\nclass BlogConfig(AppConfig):\n    name = 'blog'\n",
    "people/__init__.py": "",
    "people/apps.py": "from framework import AppConfig\n\n\nclass PeopleConfig(AppConfig):\n    name = 'people'\n",
    "people/models.py": """
        from framework.db import Field, Model


        class Person(Model, table=True):
            id: int = Field(default=None, primary_key=True)
            name: str = Field(unique=True)
        """,
}
POST = """
from framework.db import Field, Model


class Post(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    title: str = Field(max_length=200, index=True)
    {more}author_id: int = Field(foreign_key="people.Person.id", ondelete="CASCADE")
"""


class Folder:
    """A project's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        hidden = ("DEBUG", "FRAMEWORK_SETTINGS", "DATABASE_URL", "SECRET_KEY", "FORCE_COLOR")
        self.environment = {name: value for name, value in os.environ.items() if name not in hidden}
        self.environment |= {"SECRET_KEY": "x1y2z3w4" * 5}

    def write(self, files: Mapping[str, str]) -> None:
        write(self.path, files)

    def post(self, more: str = "") -> None:
        self.write({"blog/models.py": POST.format(more=f"{more}\n    " if more else "")})

    def manage(self, *lines: str, **environment: str) -> str:
        """Run commands in one process, one after the other; return all they print, and their exit codes."""
        return sessions().run(lines, self.path, self.environment | environment)
