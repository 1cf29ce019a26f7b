"""The users: who gets in, who does not, and what a client may say of one."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from framework import Project
from framework.auth import AuthSettings, Passwords, SecurityEvent, Users
from framework.auth.services import Audit
from framework.auth.settings import PasswordSettings
from framework.db import Repository, Session, select
from framework.errors import Conflict, FrameworkError, Invalid, NotFound, Unauthenticated
from framework.services import Scope
from framework.users.models import User

SECRET = "correct horse battery"
CHEAP = PasswordSettings(bcrypt_cost=4)
BY_USERNAME = AuthSettings(login_fields=("username",), passwords=CHEAP)
BY_BOTH = AuthSettings(login_fields=("email", "username"), passwords=CHEAP)


@pytest.fixture
async def project(project: Project) -> AsyncGenerator[Project]:
    """A project with users. What it still has to store, is stored while the test's loop runs."""
    yield project
    async with project.scope() as scope:
        await (await scope.get(Audit)).settled()


@pytest.fixture
async def users(scope: Scope) -> Users[User]:
    return await scope.get(Users[User])


async def stored(project: Project, **fields: Any) -> User:
    """Store a user in a transaction of its own."""
    async with project.scope() as scope:
        return await (await scope.get(Users[User])).create(**{"email": "ann@example.com", "password": SECRET} | fields)


async def events_of(project: Project) -> list[SecurityEvent]:
    async with project.scope() as scope:
        await (await scope.get(Audit)).settled()
        return await (await scope.get(Repository[SecurityEvent])).all(order="id")


async def test_a_user_logs_in_by_an_address_however_it_is_written(project: Project, users: Users[User]) -> None:
    made = await stored(project, email="  Ann@Example.COM ")
    assert made.email == "ann@example.com"
    for login in ("ann@example.com", "ANN@EXAMPLE.com", "\uff41nn@example.com "):  # one of them with a full-width a
        found = await users.authenticate(login, SECRET)
        assert found.id == made.id
        assert found.last_login_at is not None


async def test_who_was_let_in_is_a_row_to_work_on(project: Project) -> None:
    made = await stored(project)
    async with project.scope() as scope:
        user = await (await scope.get(Users[User])).authenticate("ann@example.com", SECRET)
        user.full_name = "Ann"
    async with project.scope() as scope:
        assert (await (await scope.get(Users[User])).get(made.id)).full_name == "Ann"


@pytest.mark.parametrize(
    ("login", "password", "reason"),
    [
        ("ann@example.com", "wrong", "password"),
        ("ann@example.com", "", "password"),
        ("nobody@example.com", SECRET, "unknown"),
        ("", "", "unknown"),
        ("x\0y", SECRET, "unknown"),
        ("\ud800", "\ud800", "unknown"),
        ("a" * 1_000_000, SECRET, "unknown"),
        ("idle@example.com", SECRET, "inactive"),
        ("none@example.com", SECRET, "password"),
        ("none@example.com", "!", "password"),
    ],
)
async def test_who_may_not_come_in_gets_one_answer_and_the_audit_knows_why(
    project: Project, login: str, password: str, reason: str
) -> None:
    await stored(project)
    await stored(project, email="none@example.com", password=None)
    idle = await stored(project, email="idle@example.com")
    async with project.scope() as scope:
        users = await scope.get(Users[User])
        await users.deactivate(await users.get(idle.id))
    with pytest.raises(Unauthenticated) as caught:
        async with project.scope() as scope:
            await (await scope.get(Users[User])).authenticate(login, password)
    assert (caught.value.reason, caught.value.detail) == ("login", "The login details are wrong.")
    (event,) = [event for event in await events_of(project) if event.kind == "login.failed"]
    assert event.details == {"reason": reason}
    assert (event.user_id is None) == (reason == "unknown")


class Counting(Passwords):
    """Counts the work of hashing."""

    def __init__(self, settings: PasswordSettings) -> None:
        super().__init__(settings)
        self.work: list[str] = []
        hash_, verify = self._preferred.hash, self._preferred.verify

        def counted_hash(password: str) -> str:
            self.work.append("hash")
            return hash_(password)

        def counted_verify(password: str, encoded: str) -> bool:
            self.work.append("verify")
            return verify(password, encoded)

        self._preferred.hash, self._preferred.verify = counted_hash, counted_verify  # type: ignore[method-assign]


@pytest.mark.parametrize("password", ["wrong", "e\u0301"], ids=["plain", "not in NFKC"])
async def test_every_failure_costs_the_same_work(project: Project, password: str) -> None:
    await stored(project)
    await stored(project, email="none@example.com", password=None)
    idle = await stored(project, email="idle@example.com")
    passwords = Counting(CHEAP)
    with project.services.override(Passwords, passwords):
        async with project.scope() as scope:
            users = await scope.get(Users[User])
            await users.deactivate(await users.get(idle.id))
        for login in ("ann@example.com", "none@example.com", "idle@example.com", "nobody@example.com", "a" * 300, "@"):
            passwords.work.clear()
            async with project.scope() as scope:
                with pytest.raises(Unauthenticated):
                    await (await scope.get(Users[User])).authenticate(login, password)
            assert len(passwords.work) == (1 if password == "wrong" else 2), login
    await passwords.close()


async def test_a_login_replaces_a_hash_of_another_cost_or_hasher(project: Project) -> None:
    made = await stored(project)
    digest = base64.b64encode(hashlib.pbkdf2_hmac("sha256", SECRET.encode(), b"salt", 1000)).decode()
    for encoded in (await Passwords(PasswordSettings(bcrypt_cost=5)).hash(SECRET), f"pbkdf2_sha256$1000$salt${digest}"):
        async with project.scope() as scope:
            rows = await scope.get(Repository[User])
            await rows.update(await rows.get(made.id), password=encoded)
        async with project.scope() as scope:
            await (await scope.get(Users[User])).authenticate("ann@example.com", SECRET)
        async with project.scope() as scope:
            now = (await (await scope.get(Repository[User])).get(made.id)).password
            assert now.startswith("bcrypt_sha256$$2b$04$")
            again = await (await scope.get(Users[User])).authenticate("ann@example.com", SECRET)
            assert again.password == now


async def test_a_failed_login_leaves_the_hash_as_it_was(project: Project) -> None:
    made = await stored(project)
    old = await Passwords(PasswordSettings(bcrypt_cost=5)).hash(SECRET)
    async with project.scope() as scope:
        rows = await scope.get(Repository[User])
        await rows.update(await rows.get(made.id), password=old)
    async with project.scope() as scope:
        with pytest.raises(Unauthenticated):
            await (await scope.get(Users[User])).authenticate("ann@example.com", "wrong")
    async with project.scope() as scope:
        user = await (await scope.get(Repository[User])).get(made.id)
        assert (user.password, user.last_login_at) == (old, None)


@pytest.mark.parametrize("what", ["deactivate", "delete", "set_password"])
async def test_who_changes_while_the_password_is_hashed_is_not_let_in(project: Project, what: str) -> None:
    made = await stored(project)

    class Slow(Passwords):
        async def verify(self, password: str, encoded: str) -> bool:
            fits = await super().verify(password, encoded)
            async with project.scope() as other:
                users = await other.get(Users[User])
                user = await users.get(made.id)
                await (
                    users.set_password(user, "another one, much longer")
                    if what == "set_password"
                    else getattr(users, what)(user)
                )
            return fits

    passwords = Slow(CHEAP)
    with project.services.override(Passwords, passwords):
        async with project.scope() as scope:
            with pytest.raises(Unauthenticated):
                await (await scope.get(Users[User])).authenticate("ann@example.com", SECRET)
    await passwords.close()
    kinds = [(event.kind, event.details.get("reason")) for event in await events_of(project)]
    assert ("login.failed", "changed meanwhile") in kinds


async def test_no_connection_is_held_while_passwords_are_hashed(make_site: Any) -> None:
    project = make_site()
    async with project.lifespan():
        await stored(project)

        async def log_in(number: int) -> None:
            async with project.scope() as scope:
                await (await scope.get(Users[User])).authenticate("ann@example.com", SECRET)

        # Many more than the pool has connections, each waiting for one of two threads.
        await asyncio.gather(*(log_in(number) for number in range(30)))


class Registration(BaseModel):
    full_name: str = ""
    is_superuser: bool = True


@pytest.mark.parametrize(
    "field", ["id", "password", "is_staff", "is_superuser", "is_active", "email_verified_at", "created_at", "nickname"]
)
async def test_what_lets_somebody_in_or_up_is_no_field_of_a_schema(users: Users[User], field: str) -> None:
    user = await users.create(email="ann@example.com", password=SECRET)
    before = user.model_dump()
    with pytest.raises(FrameworkError, match=f"'{field}' is no field of a user that is set like this"):
        await users.update(user, {field: 1})
    if field != "password":
        with pytest.raises(FrameworkError, match="is no field of a user"):
            await users.create(email="eve@example.com", **{field: True})
    assert user.model_dump() == before
    assert await users.find("eve@example.com") is None


async def test_a_schema_with_a_privilege_in_it_is_refused_as_a_whole(users: Users[User]) -> None:
    user = await users.create(email="ann@example.com", password=SECRET)
    with pytest.raises(FrameworkError, match="'is_superuser' is no field"):
        await users.update(user, Registration(full_name="Ann", is_superuser=True))
    assert (user.full_name, user.is_superuser) == ("", False)
    await users.update(user, Registration(full_name="Ann"))  # a default was not sent
    assert (user.full_name, user.is_superuser) == ("Ann", False)


async def test_privileges_have_a_method_of_their_own_and_are_told_of(project: Project, scope: Scope) -> None:
    users = await scope.get(Users[User])
    user = await users.create_superuser(email="root@example.com", password=SECRET)
    assert (user.is_staff, user.is_superuser) == (True, True)
    await users.set_privileges(user, is_superuser=False)
    await users.set_privileges(user, is_superuser=False)
    assert (user.is_staff, user.is_superuser) == (True, False)
    await (await scope.get(Session)).commit()
    told = [(event.kind, event.details) for event in await events_of(project)]
    assert told == [
        ("user.created", {"is_staff": True, "is_superuser": True}),
        ("privileges.changed", {"is_superuser": False}),
    ]


@pytest.mark.parametrize(
    "email", ["", "x", "a@b", "a b@example.com", "a@example.com\nBcc: b@example.com", "a\0@example.com"]
)
async def test_what_is_no_address_is_refused(users: Users[User], email: str) -> None:
    with pytest.raises(Invalid) as caught:
        await users.create(email=email, password=SECRET)
    assert caught.value.fields == {"email": "Enter a valid email address."}


async def test_a_taken_address_is_a_conflict_however_it_is_written(users: Users[User]) -> None:
    user = await users.create(email="ann@example.com", password=SECRET)
    with pytest.raises(Conflict) as caught:
        await users.create(email="ANN@example.com", password=SECRET)
    assert caught.value.fields == {"email": "Already taken."}
    other = await users.create(email="bob@example.com")
    with pytest.raises(Conflict):
        await users.set_email(other, "Ann@example.com")
    await users.set_email(user, "ann@example.com", verified=True)
    assert user.email_verified_at is not None


async def test_of_many_who_take_one_address_at_once_one_gets_it(make_site: Any) -> None:
    project = make_site()
    async with project.lifespan():
        results = await asyncio.gather(*(stored(project) for _ in range(8)), return_exceptions=True)
    assert [type(result) for result in results].count(User) == 1
    assert all(isinstance(result, User | Conflict) for result in results)


async def test_a_username_is_a_login_where_the_settings_say_so(make_site: Any) -> None:
    project = make_site(auth=BY_USERNAME)
    async with project.lifespan():
        made = await stored(project, username="A\uff4en@home")
        assert made.username == "Ann@home"
        async with project.scope() as scope:
            users = await scope.get(Users[User])
            assert (await users.authenticate("Ann@home", SECRET)).id == made.id
            for login in ("ann@example.com", "ann@home"):
                with pytest.raises(Unauthenticated):
                    await users.authenticate(login, SECRET)
            with pytest.raises(Invalid) as caught:
                await users.create(email="bob@example.com")
            assert caught.value.fields == {"username": "This field is required."}


async def test_with_both_no_username_can_pass_for_anothers_address(make_site: Any) -> None:
    project = make_site(auth=BY_BOTH)
    async with project.lifespan():
        made = await stored(project, username="ann")
        async with project.scope() as scope:
            users = await scope.get(Users[User])
            for login in ("ann", "Ann@example.com"):
                assert (await users.authenticate(login, SECRET)).id == made.id
            with pytest.raises(Invalid, match="invalid") as caught:
                await users.create(email="eve@example.com", username="ann@example.com", password=SECRET)
            assert "may not contain @" in caught.value.fields["username"]
            with pytest.raises(Invalid):
                await users.set_username(await users.get(made.id), "a b")
            with pytest.raises(Invalid):
                await users.set_username(await users.get(made.id), "a" * 151)


async def test_a_password_is_judged_before_it_is_taken(users: Users[User]) -> None:
    with pytest.raises(Invalid) as caught:
        await users.create(email="ann.miller@example.com", password="miller1")
    assert "too short" in caught.value.fields["password"]
    assert "too similar to the email" in caught.value.fields["password"]
    user = await users.create(email="ann@example.com", password=SECRET)
    assert user.password_changed_at is None
    with pytest.raises(Invalid):
        await users.set_password(user, "123")
    await users.set_password(user, "123", validate=False)
    assert user.password_changed_at is not None
    await users.set_password(user, None)
    assert user.password == "!"


async def test_the_audit_of_a_deleted_user_stays(project: Project) -> None:
    made = await stored(project)
    async with project.scope() as scope:
        users = await scope.get(Users[User])
        await users.set_password(user := await users.get(made.id), "another good one")
        await users.activate(await users.deactivate(user))
        await users.delete(user)
    async with project.scope() as scope:
        with pytest.raises(NotFound):
            await (await scope.get(Users[User])).get(made.id)
    kinds = [event.kind for event in await events_of(project)]
    assert kinds == ["user.created", "password.changed", "user.deactivated", "user.activated", "user.deleted"]
    assert {(event.user_id, event.login) for event in await events_of(project)} == {(None, "ann@example.com")}


async def test_a_moment_is_in_utc(project: Project) -> None:
    made = await stored(project)
    async with project.scope() as scope:
        user = (await (await scope.get(Session)).scalars(select(User))).one()
        assert user.created_at == made.created_at
        assert user.created_at.tzinfo is UTC
        assert user.created_at <= datetime.now(UTC)
