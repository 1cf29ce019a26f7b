"""Logging the client of a test in, on SQLite."""

import pytest
from httpx import AsyncClient

from framework import Project, Settings
from framework.auth import Access
from framework.errors import NotFound
from framework.services import Scope
from framework.testing import LogIn, Make, Projects
from framework.users.models import User


class Site(Settings):
    """A project with users."""

    installed_apps: tuple[str, ...] = (
        "framework.db",
        "framework.migrations",
        "framework.cache",
        "framework.throttling",
        "framework.mail",
        "framework.users",
        "framework.auth",
    )


@pytest.fixture
def project(project_with: Projects) -> Project:
    return project_with(Site)


async def test_a_client_is_nobody_until_it_is_logged_in(client: AsyncClient, log_in: LogIn) -> None:
    assert (await client.get("/auth/me")).status_code == 401
    user = await log_in(full_name="Ada Lovelace")
    assert (await client.get("/auth/me")).json()["full_name"] == user.full_name == "Ada Lovelace"


async def test_a_client_is_whoever_was_logged_in_last(client: AsyncClient, log_in: LogIn, make: Make) -> None:
    await log_in()
    await log_in(await make(User, email="grace@example.com"))
    assert (await client.get("/auth/me")).json()["email"] == "grace@example.com"


async def test_a_user_gets_the_permissions_named_and_no_others(scope: Scope, log_in: LogIn) -> None:
    user = await log_in(permissions=["auth.view_group"])
    access = await scope.get(Access)
    assert await access.permissions(user) == {"auth.view_group"}


async def test_a_permission_that_no_model_has_is_not_given(log_in: LogIn) -> None:
    with pytest.raises(NotFound, match=r"Permission 'auth\.fly' not found"):
        await log_in(permissions=["auth.fly"])
