"""Projects for tests, each on a migrated database of its own.

Migrations run once for every set of apps; each project then gets a copy: of the file on SQLite, `CREATE DATABASE …
TEMPLATE` on PostgreSQL. Rolling back instead is no choice, because requests commit before they answer, and emptying
the tables costs as much as a copy and forgets what migrations wrote.
"""

import itertools
import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.errors import ImproperlyConfigured
from framework.testing.databases import Postgres, run_sync
from framework.testing.guard import TestDatabases
from framework.testing.mailbox import keep_mails
from framework.testing.settings import read_settings

if TYPE_CHECKING:
    from framework.conf import Settings
    from framework.db.sessions.database import Database
    from framework.db.settings import DatabaseSettings
    from framework.project import Project

__all__ = ["Projects", "Templates"]


class Templates:
    """The migrated databases of one worker, by the apps they were migrated for, and their copies."""

    def __init__(self, folder: Path, postgres: Postgres, guard: TestDatabases) -> None:
        self._folder = folder
        self._postgres = postgres
        self._guard = guard
        self._urls: dict[tuple[str, ...], str] = {}
        self._numbers = itertools.count(1)

    def copy(self, backend: str, apps: tuple[str, ...], prepare: Callable[[str], None]) -> str:
        """Return the URL of a new database like the one that `prepare(url)` made for the same apps."""
        key = (backend, *apps)
        if key not in self._urls:
            url = self._postgresql() if backend == "postgresql" else self._sqlite()
            prepare(url)
            self._urls[key] = url
        return self._postgresql(self._urls[key]) if backend == "postgresql" else self._sqlite(self._urls[key])

    def drop(self, url: str) -> None:
        """Remove the copy at `url`."""
        if url.startswith("sqlite"):
            for path in file_of(url).parent.glob(f"{file_of(url).name}*"):  # -wal and -shm beside it
                path.unlink()
        else:
            self._guard.forget(url)
            self._postgres.drop(url)

    def close(self) -> None:
        """Remove the templates."""
        for url in self._urls.values():
            self.drop(url)
        self._urls.clear()

    def _postgresql(self, template: str | None = None) -> str:
        url = self._postgres.create(template)
        self._guard.allow(url)
        return url

    def _sqlite(self, template: str | None = None) -> str:
        path = self._folder / f"{next(self._numbers)}.sqlite3"
        if template is not None:
            with closing(sqlite3.connect(file_of(template))) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the copy takes one file
            shutil.copyfile(file_of(template), path)
        return f"sqlite:///{path}"


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


class Projects:
    """What `project_with` is: makes projects for one test, and takes their databases away when it ends."""

    def __init__(self, default: "Callable[[], type[Settings]]", templates: Templates) -> None:
        self._default = default
        self._templates = templates
        self._copies: list[str] = []
        self._made: list[Project] = []

    def __call__(self, settings: "type[Settings] | None" = None, /, **values: Any) -> "Project":
        """Return a loaded project: the settings class (the project's own when left out) with `values` on top.

        Its database is a migrated one of its own, unless `values` name another; its mails stay in memory, unless
        `values` say where they go.
        """
        from framework.project import Project

        class_ = settings or self._default()
        made = read_settings(class_, values)
        field = database_field(class_)
        if "framework.db" in made.installed_apps and field not in values:
            made = read_settings(class_, {**values, field: self._copy(made, class_, field, values)})
        project = Project(made)
        if "mail" in project.apps and not is_mail_among(values):
            keep_mails(project)
        self._made.append(project)
        return project

    def _copy(
        self, made: "Settings", class_: "type[Settings]", field: str, values: Mapping[str, Any]
    ) -> "DatabaseSettings":
        """Return the project's database settings, for a copy of the migrated template."""
        from framework.db.settings import DatabaseSettings
        from framework.project import Project

        written = made.section(DatabaseSettings)

        def at(url: str) -> DatabaseSettings:
            return written.model_copy(update={"url": url, "read_url": None})

        def migrated(url: str) -> None:
            migrate(Project(read_settings(class_, {**values, field: at(url)})))

        url = self._templates.copy(backend_of(written.url), made.installed_apps, migrated)
        self._copies.append(url)
        return at(url)

    async def close(self) -> None:
        """Disconnect the projects and remove their databases."""
        for project in self._made:
            await disconnect(project)
        for url in self._copies:
            self._templates.drop(url)


def is_mail_among(values: Mapping[str, Any]) -> bool:
    """Tell whether a test says itself where its mails go."""
    from framework.mail import MailSettings

    return any(isinstance(value, MailSettings) for value in values.values())


def database_field(class_: "type[Settings]") -> str:
    """Return the keyword of the settings class that takes the database."""
    from framework.db.settings import DatabaseSettings

    for name, field in class_.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, DatabaseSettings):
            return name
    return DatabaseSettings.prefix


def backend_of(url: str) -> str:
    """Return the kind of database to test on: what the code of the project says, PostgreSQL where one is named."""
    return "postgresql" if url.startswith("postgres") or os.environ.get("TEST_DATABASE_URL") else "sqlite"


async def prepare(project: "Project") -> None:
    """Bring an empty database up to date. Apps that have no migrations yet get the tables of their models."""
    from sqlmodel import SQLModel

    from framework.db import tables_of

    migrated: set[str] = set()
    if "migrations" in project.apps:
        from framework.migrations import migrate
        from framework.migrations.history.project import graph_of

        migrated = {migration.app for migration in graph_of(project).nodes.values()}
        require_up_to_date(project, migrated)
        await migrate(project)
    rest = [app.app_label for app in project.apps if app.app_label not in migrated]
    tables = [table for label in rest for table in tables_of(project, label)]
    async with (await database_of(project)).engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all, tables)


def require_up_to_date(project: "Project", migrated: set[str]) -> None:
    """Raise when models of the project have run ahead of its migrations: tests would fail with riddles."""
    from framework.migrations.history.project import is_own
    from framework.migrations.makemigrations.planner import apps_with_changes

    ahead = [
        label for label in apps_with_changes(project) if label in migrated and is_own(project, project.apps[label])
    ]
    if ahead:
        raise ImproperlyConfigured(
            f"The models of {', '.join(map(repr, ahead))} have changes that no migration makes, "
            "so the tests' database would lack them.",
            hint=f"python manage.py makemigrations {' '.join(ahead)}",
            code="migrations.changes",
        )


async def database_of(project: "Project") -> "Database":
    from framework.db import Database

    async with project.scope() as scope:
        return await scope.get(Database)


async def disconnect(project: "Project") -> None:
    """Close what the project keeps open to its database, also when its lifespan never ran."""
    if "db" in project.apps:
        await (await database_of(project)).dispose()


def migrate(project: "Project") -> None:
    """Prepare the project's database from where no event loop may run."""

    async def work() -> None:
        try:
            await prepare(project)
        finally:
            await disconnect(project)

    run_sync(work)
