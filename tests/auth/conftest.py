"""Projects with users: every test runs on SQLite and on PostgreSQL."""

import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

sys.path.insert(0, str(Path(__file__).parent))

from framework import Project, Settings
from framework.auth import AuthSettings, Group, Permission
from framework.auth.models import GroupPermission, UserGroup, UserPermission
from framework.auth.settings import PasswordSettings
from framework.db import Database, DatabaseSettings, ReadRepository
from framework.testing.databases import run_sync
from framework.testing.projects import Projects
from framework.testing.rows import Make
from framework.throttling import ThrottlingSettings
from framework.users import UserBase

CHEAP = PasswordSettings(bcrypt_cost=4)


class Site(Settings):
    """A project with users, whose passwords cost little."""

    installed_apps: tuple[str, ...] = (
        "framework.log",
        "framework.db",
        "framework.migrations",
        "framework.cache",
        "framework.throttling",
        "framework.mail",
        "framework.users",
        "framework.auth",
    )
    database: DatabaseSettings = DatabaseSettings()
    auth: AuthSettings = AuthSettings(passwords=CHEAP)
    throttling: ThrottlingSettings = ThrottlingSettings(enabled=False)


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


@pytest.fixture
def statements() -> Callable[[Project], AbstractContextManager[list[str]]]:
    """Collect the statements that a project sends its database: `with statements(project) as seen:`."""

    @contextmanager
    def collect(project: Project) -> Generator[list[str]]:
        seen: list[str] = []

        def see(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            seen.append(statement)

        async def engines() -> list[Any]:
            async with project.scope() as scope:
                database = await scope.get(Database)
                return [database.engine.sync_engine, database.read_engine.sync_engine]

        found = run_sync(engines)
        for engine in found:
            event.listen(engine, "before_cursor_execute", see)
        try:
            yield seen
        finally:
            for engine in found:
                event.remove(engine, "before_cursor_execute", see)

    return collect


@pytest.fixture
def permit(project: Project, make: Make) -> Callable[..., Awaitable[None]]:
    """Give permissions: `await permit(user, "press.view_note")`, `group=True` for those of a group of the user's."""

    async def permit(user: UserBase, *names: str, group: bool = False) -> None:
        for name in names:
            async with project.scope() as scope:
                stored = await (await scope.get(ReadRepository[Permission])).find(name=name)
            permission = stored or await make(Permission, name=name)
            if group:
                members = await make(Group)
                await make(GroupPermission, group_id=members.id, permission_id=permission.id)
                await make(UserGroup, user_id=user.id, group_id=members.id)
            else:
                await make(UserPermission, user_id=user.id, permission_id=permission.id)

    return permit
