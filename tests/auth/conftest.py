"""Projects with users: every test runs on SQLite and on PostgreSQL."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from framework import Project, Settings
from framework.auth import AuthSettings
from framework.auth.settings import PasswordSettings
from framework.db import DatabaseSettings
from framework.testing.projects import Projects

CHEAP = PasswordSettings(bcrypt_cost=4)


class Site(Settings):
    """A project with users, whose passwords cost little."""

    installed_apps: tuple[str, ...] = (
        "framework.log",
        "framework.db",
        "framework.migrations",
        "framework.users",
        "framework.auth",
    )
    database: DatabaseSettings = DatabaseSettings()
    auth: AuthSettings = AuthSettings(passwords=CHEAP)


class PostgresqlSite(Site):
    """The same on PostgreSQL."""

    database: DatabaseSettings = DatabaseSettings(url="postgresql://localhost/site")


type MakeSite = Callable[..., Project]


@pytest.fixture(params=[Site, PostgresqlSite], ids=["sqlite", "postgresql"])
def make_site(request: pytest.FixtureRequest, project_with: Projects) -> MakeSite:
    """Make projects with users on migrated databases: `make_site(auth=AuthSettings(...))`."""
    return lambda **values: project_with(request.param, **values)


@pytest.fixture
def project(make_site: MakeSite) -> Project:
    """A project with users."""
    return make_site()
