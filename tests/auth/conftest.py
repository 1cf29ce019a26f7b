"""Projects with users: every test runs on SQLite and on PostgreSQL."""

from collections.abc import Callable
from typing import Any

import pytest

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


type MakeSite = Callable[..., Project]


@pytest.fixture(params=["sqlite", "postgresql"])
def make_site(request: pytest.FixtureRequest, project_with: Projects, monkeypatch: pytest.MonkeyPatch) -> MakeSite:
    """Make projects with users on migrated databases: `make_site(auth=AuthSettings(...))`."""
    if request.param == "postgresql":
        monkeypatch.setenv("TEST_DATABASE_URL", "the run's own PostgreSQL")
    return lambda **values: project_with(Site, **values)


@pytest.fixture
def project(make_site: MakeSite) -> Any:
    """A project with users."""
    return make_site()
