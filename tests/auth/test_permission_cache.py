"""Permissions remembered between requests: what they save, and all that ends it."""

import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from sqlalchemy import delete, update

from framework import Project
from framework.auth import Access, AuthSettings, Group, Permission, Users
from framework.auth.models import UserGroup, UserPermission
from framework.auth.permission_cache import PermissionCache
from framework.auth.settings import UserCacheSettings
from framework.db import ReadRepository, Session
from framework.services import Scope
from framework.testing.rows import Make
from framework.users.models import User
from tests.auth.conftest import CHEAP, MakeSite

VIEW, CHANGE = "users.view_user", "users.change_user"


@pytest.fixture
async def project(make_site: MakeSite) -> AsyncGenerator[Project]:
    """A running project that remembers users."""
    project = make_site(auth=AuthSettings(passwords=CHEAP, user_cache=UserCacheSettings(seconds=60, size=2)))
    async with project.lifespan():
        yield project


async def may(project: Project, user: User) -> frozenset[str]:
    async with project.scope() as scope:
        return await (await scope.get(Access)).permissions(user)


async def test_what_was_asked_once_is_known_without_a_statement_but_by_default(
    project: Project, make_site: MakeSite, make: Make, permit: Any, statements: Any
) -> None:
    user = await make(User)
    await permit(user, VIEW)
    assert await may(project, user) == {VIEW}
    with statements(project) as seen:
        assert await may(project, user) == {VIEW}
    assert seen == []
    plain = make_site()
    async with plain.lifespan(), plain.scope() as scope:
        assert not (await scope.get(PermissionCache)).is_on


async def granted(scope: Scope) -> None:
    permission = await (await scope.get(ReadRepository[Permission])).get(name=CHANGE)
    (await scope.get(Session)).add(UserPermission(user_id=1, permission_id=permission.id))


async def joined(scope: Scope) -> None:
    (await scope.get(Session)).add(UserGroup(user_id=1, group_id=1))


async def taken_in_bulk(scope: Scope) -> None:
    await (await scope.get(Session)).execute(delete(UserPermission))


async def taken_by_the_end_of_the_permission(scope: Scope) -> None:
    await (await scope.get(Session)).execute(delete(Permission).where(Permission.name == VIEW))  # type: ignore[arg-type]


async def renamed(scope: Scope) -> None:
    statement = update(Permission).where(Permission.name == VIEW)  # type: ignore[arg-type]
    await (await scope.get(Session)).execute(statement.values(name="users.look"))


@pytest.mark.parametrize(
    ("change", "then"),
    [
        (granted, {VIEW, CHANGE}),
        (joined, {VIEW, CHANGE}),
        (taken_in_bulk, set()),
        (taken_by_the_end_of_the_permission, set()),
        (renamed, {"users.look"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_a_committed_change_counts_at_once(
    project: Project, make: Make, permit: Any, change: Callable[[Scope], Any], then: set[str]
) -> None:
    user = await make(User, id=1)
    await permit(user, VIEW)
    await permit(await make(User, id=2), CHANGE, group=True)
    assert await may(project, user) == {VIEW}
    async with project.scope() as scope:
        await change(scope)
    assert await may(project, user) == then


async def test_the_end_of_a_group_and_of_a_user_count_at_once(project: Project, make: Make, permit: Any) -> None:
    user = await make(User, id=1)
    await permit(user, CHANGE, group=True)
    assert await may(project, user) == {CHANGE}
    async with project.scope() as scope:
        await (await scope.get(Session)).execute(delete(Group))
    assert await may(project, user) == set()
    await permit(user, VIEW)
    assert await may(project, user) == {VIEW}
    async with project.scope() as scope:
        users = await scope.get(Users[User])
        await users.delete(await users.get(1))
    assert await may(project, await make(User, id=1)) == set()  # SQLite gives a number again


async def test_a_superuser_who_is_demoted_meanwhile_is_asked_for_anew(project: Project, make: Make) -> None:
    user = await make(User, is_superuser=True)
    assert VIEW in await may(project, user)
    user.is_superuser = False
    assert await may(project, user) == set()


async def test_what_a_transaction_has_not_committed_is_not_remembered(
    project: Project, make: Make, permit: Any
) -> None:
    user = await make(User, id=1)
    await permit(user, VIEW)

    async def fail() -> None:
        async with project.scope() as scope:
            await granted(scope)
            await (await scope.get(Session)).flush()
            assert await (await scope.get(Access)).permissions(user) == {VIEW, CHANGE}
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await may(project, user) == {VIEW}


async def test_no_more_users_are_remembered_than_the_settings_say(
    project: Project, make: Make, statements: Any
) -> None:
    first, *others = [await make(User) for _ in range(3)]
    for user in (first, *others):
        await may(project, user)
    with statements(project) as seen:
        for user in others:
            await may(project, user)
    assert seen == []
    with statements(project) as seen:
        await may(project, first)
    assert len(seen) == 1


async def test_a_change_by_another_process_counts_when_the_time_is_over(
    project: Project, make: Make, permit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await make(User, id=1)
    await permit(user, VIEW)
    other = Project(project.settings)
    async with other.lifespan():
        assert await may(project, user) == {VIEW}
        async with other.scope() as scope:
            await granted(scope)
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 59)
        assert await may(project, user) == {VIEW}
        monkeypatch.setattr(time, "monotonic", lambda: now + 61)
        assert await may(project, user) == {VIEW, CHANGE}
