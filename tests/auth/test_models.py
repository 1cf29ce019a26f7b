"""The tables: what they keep, and what goes with a user."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from framework import Project
from framework.auth import ActionToken, ApiKey, Group, Login, Permission, RefreshToken, SecurityEvent
from framework.auth.models import GroupPermission, UserGroup, UserPermission
from framework.db import Repository, Session, models_of, select
from framework.migrations.makemigrations.planner import apps_with_changes
from framework.services import Scope
from framework.testing.rows import Make
from framework.users.models import User


async def test_the_migrations_make_the_tables_that_the_models_describe(project: Project) -> None:
    assert apps_with_changes(project) == []


async def test_what_is_a_users_own_goes_with_the_user_and_the_audit_stays(scope: Scope, make: Make) -> None:
    user = await make(User, email="ann@example.com")
    expires_at = datetime.now(UTC) + timedelta(days=1)
    login = await make(Login, user_id=user.id, expires_at=expires_at)
    await make(RefreshToken, login_id=login.id, expires_at=expires_at)
    await make(ApiKey, user_id=user.id, scopes=["posts:write"])
    await make(ActionToken, user_id=user.id, expires_at=expires_at, data={"to": "x"})
    group, permission = await make(Group), await make(Permission)
    await make(GroupPermission, group_id=group.id, permission_id=permission.id)
    await make(UserGroup, user_id=user.id, group_id=group.id)
    await make(UserPermission, user_id=user.id, permission_id=permission.id)
    event = await make(SecurityEvent, user_id=user.id)

    users = await scope.get(Repository[User])
    await users.delete(await users.get(user.id))

    session = await scope.get(Session)
    models = models_of(await scope.get(Project))
    left = {model.__name__ for model in models if (await session.scalars(select(model))).first() is not None}
    assert left == {"Group", "Permission", "GroupPermission", "SecurityEvent"}
    found = (await session.scalars(select(SecurityEvent))).one()
    assert (found.id, found.user_id) == (event.id, None)


async def test_a_key_made_later_sorts_later_and_json_comes_back_as_it_was(scope: Scope, make: Make) -> None:
    user = await make(User)
    keys = [await make(ApiKey, user_id=user.id, scopes=["a", "b"], prefix=f"k{number}") for number in range(3)]
    found = (await (await scope.get(Session)).scalars(select(ApiKey).order_by("id"))).all()
    assert [key.prefix for key in found] == [key.prefix for key in keys]
    assert found[0].scopes == ["a", "b"]
    assert isinstance(found[0].id, UUID)


def test_no_dump_and_no_repr_of_a_row_shows_a_hash() -> None:
    rows = [
        User(email="a@example.com", password="the hash"),
        Login(user_id=1, kind="session", secret_hash="the hash", expires_at=datetime.now(UTC)),
        ApiKey(user_id=1, name="x", prefix="x", hash="the hash"),
    ]
    for row in rows:
        assert "the hash" not in f"{row!r} {row} {row.model_dump()} {row.model_dump_json()}"
