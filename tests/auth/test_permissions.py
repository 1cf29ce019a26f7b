"""The rows of permissions: as many as the models call for, whoever migrates, and none taken away."""

import asyncio
from typing import ClassVar

import pytest

from framework import Project
from framework.auth import Group, Permission
from framework.auth.models import GroupPermission
from framework.auth.permissions import sentence, store_permissions
from framework.db import Repository
from framework.migrations import migrate
from framework.services import Scope


class HTTPLog:
    __permissions__: ClassVar = {"publish": "Can publish logs", "clear_all": ""}


@pytest.mark.parametrize(
    ("action", "told"),
    [("view", "Can view http log"), ("publish", "Can publish logs"), ("clear_all", "Can clear all http log")],
)
def test_a_permission_says_what_it_permits(action: str, told: str) -> None:
    assert sentence(HTTPLog, action) == told


async def test_migrate_stores_four_permissions_for_every_model(scope: Scope) -> None:
    rows = await (await scope.get(Repository[Permission])).all(order="name")
    names = {row.name: row.description for row in rows}
    assert {name for name in names if name.startswith("users.")} == {
        f"users.{action}_user" for action in ("add", "change", "delete", "view")
    }
    assert names["auth.change_securityevent"] == "Can change security event"


async def test_what_is_stored_is_stored_once_by_many_at_once_and_stays(project: Project) -> None:
    async with project.scope() as scope:
        rows = await scope.get(Repository[Permission])
        wanted = {row.name for row in await rows.all()}
        kept = await rows.add(Permission(name="blog.change_gone", description="Of a model that was"))
        group = await (await scope.get(Repository[Group])).add(Group(name="editors"))
        await (await scope.get(Repository[GroupPermission])).add(
            GroupPermission(group_id=group.id, permission_id=kept.id)
        )
        await rows.delete_all(name__istartswith="users.")
    await asyncio.gather(*(store_permissions(project) for _ in range(4)))
    await migrate(project)
    async with project.scope() as scope:
        found = [row.name for row in await (await scope.get(Repository[Permission])).all()]
        assert sorted(found) == sorted({*wanted, "blog.change_gone"})
        (group,) = await (await scope.get(Repository[Group])).all(load=(Group.permissions,))
        assert [permission.name for permission in group.permissions] == ["blog.change_gone"]
