"""Users remembered between requests: what they save, and all that ends it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from framework import Project
from framework.auth import ApiKeys, AuthSettings, Credentials, Identities, Identity, Login, Logins, Tokens, Users
from framework.auth.lookups import Found, Lookups
from framework.auth.models import Group, UserGroup
from framework.auth.settings import UserCacheSettings
from framework.auth.user_cache import UserCache
from framework.auth.user_rows import UserRows
from framework.auth.uses import Uses
from framework.db import Database, ReadSession, Session, uuid7
from framework.errors import FrameworkError, Unauthenticated
from framework.services import Scope
from framework.users.models import User
from tests.auth.club.models import Member, Regular
from tests.auth.conftest import CHEAP, MakeSite

CACHED = AuthSettings(passwords=CHEAP, user_cache=UserCacheSettings(seconds=60))

type Ways = dict[str, Credentials]


async def within[T](project: Project, work: Callable[[Scope], Awaitable[T]]) -> T:
    async with project.scope() as scope:
        return await work(scope)


@pytest.fixture
async def site(make_site: MakeSite) -> AsyncGenerator[Project]:
    """A running project that remembers users, with one."""
    project = make_site(auth=CACHED)
    async with project.lifespan():
        async with project.scope() as scope:
            users = await scope.get(Users[User])
            for name in ("ann", "bob"):
                await users.create(email=f"{name}@example.com")
        yield project


async def logged_in(project: Project, id: int = 1) -> Ways:
    """Log a user in, in each of the ways."""

    async def work(scope: Scope) -> Ways:
        user = await (await scope.get(Users[User])).get(id)
        pair = await (await scope.get(Tokens)).issue(user)
        started = await (await scope.get(Logins)).start_session(user)
        key = await (await scope.get(ApiKeys)).create(user, "mine")
        return {
            "token": Credentials("token", pair.access_token),
            "session": Credentials("session", started.secret),
            "key": Credentials("key", key.secret),
        }

    made = await within(project, work)
    await ask(project, made["key"])  # its first use is written down, which is a change of it
    async with project.scope() as scope:
        await (await scope.get(Uses)).settled()
    return made


@pytest.fixture
async def ways(site: Project) -> Ways:
    return await logged_in(site)


async def ask(project: Project, credentials: Credentials) -> Identity:
    async with project.scope() as scope:
        return await (await scope.get(Identities)).of(credentials)


async def name_of(project: Project, credentials: Credentials) -> str | None:
    try:
        return (await ask(project, credentials)).user.full_name
    except Unauthenticated:
        return None


async def cache_of(project: Project) -> UserCache:
    async with project.scope() as scope:
        return await scope.get(UserCache)


@pytest.mark.parametrize("kind", ["token", "session", "key"])
async def test_whoever_was_known_once_is_known_without_a_statement(
    site: Project, ways: Ways, statements: Any, kind: str
) -> None:
    first = await ask(site, ways[kind])
    with statements(site) as seen:
        second = await ask(site, ways[kind])
    assert seen == []
    assert (second.kind, second.login_id, second.scopes) == (first.kind, first.login_id, first.scopes)
    assert second.user.model_dump() == first.user.model_dump()
    assert second.user.password == first.user.password
    assert second.user is not first.user


async def test_by_default_and_where_nobody_tells_of_changes_nothing_is_remembered(make_site: MakeSite) -> None:
    project = make_site()
    async with project.lifespan():
        assert not (await cache_of(project)).is_on
    project = make_site(auth=CACHED)
    assert not (await cache_of(project)).is_on
    async with project.lifespan():
        assert (await cache_of(project)).is_on


# What ends it at once ----------------------------------------------------------------------------------------------


async def renamed(scope: Scope) -> None:
    users = await scope.get(Users[User])
    await users.update(await users.get(1), full_name="New")


async def renamed_by_row(scope: Scope) -> None:
    (await (await scope.get(Session)).get_one(User, 1)).full_name = "New"


async def renamed_in_bulk(scope: Scope) -> None:
    await (await scope.get(Session)).execute(update(User).values(full_name="New"))


async def renamed_by_core(scope: Scope) -> None:
    table = User.__table__  # type: ignore[attr-defined]
    await (await scope.get(Session)).execute(update(table).where(table.c.id == 1).values(full_name="New"))


async def renamed_by_text(scope: Scope) -> None:
    session = await scope.get(Session)
    await session.execute(text("UPDATE users_user SET full_name = 'New'"))
    session.touch(User)


async def renamed_on_a_connection(scope: Scope) -> None:
    database = await scope.get(Database)
    async with database.engine.begin() as connection:
        await connection.execute(update(User).values(full_name="New"))
    await database._feed.finish()  # nobody waits for a bare connection's


@pytest.mark.parametrize(
    "change",
    [renamed, renamed_by_row, renamed_in_bulk, renamed_by_core, renamed_by_text, renamed_on_a_connection],
    ids=lambda change: change.__name__,
)
async def test_a_committed_change_of_the_user_counts_at_once(site: Project, ways: Ways, change: Any) -> None:
    for credentials in ways.values():
        assert await name_of(site, credentials) == ""
    await within(site, change)
    for credentials in ways.values():
        assert await name_of(site, credentials) == "New"


async def deactivated(scope: Scope) -> None:
    users = await scope.get(Users[User])
    await users.deactivate(await users.get(1))


async def deleted(scope: Scope) -> None:
    users = await scope.get(Users[User])
    await users.delete(await users.get(1))


async def deleted_in_bulk(scope: Scope) -> None:
    await (await scope.get(Session)).execute(delete(User).where(User.id == 1))  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [deactivated, deleted, deleted_in_bulk], ids=lambda change: change.__name__)
async def test_a_user_who_is_gone_is_so_at_once(site: Project, ways: Ways, change: Any) -> None:
    for credentials in ways.values():
        assert await name_of(site, credentials) == ""
    await within(site, change)
    for credentials in ways.values():
        assert await name_of(site, credentials) is None


async def test_a_promotion_counts_at_once_and_logs_out(site: Project, ways: Ways) -> None:
    for credentials in ways.values():
        assert not (await ask(site, credentials)).user.is_superuser

    async def promote(scope: Scope) -> None:
        users = await scope.get(Users[User])
        await users.set_privileges(await users.get(1), is_superuser=True)

    await within(site, promote)
    assert (await ask(site, ways["key"])).user.is_superuser
    for way in ("token", "session"):
        assert await name_of(site, ways[way]) is None


async def test_a_logout_a_revocation_and_a_reuse_end_what_they_are_of_and_nothing_else(
    site: Project, ways: Ways, statements: Any
) -> None:
    others = await logged_in(site, 2)
    for credentials in (*ways.values(), *others.values()):
        assert await name_of(site, credentials) == ""
    login_id = (await ask(site, ways["token"])).login_id
    assert login_id is not None

    async def log_out(scope: Scope) -> None:
        await (await scope.get(Logins)).end(await (await scope.get(Users[User])).get(1), login_id)

    async def end_session(scope: Scope) -> None:
        await (await scope.get(Logins)).end_session(ways["session"].secret)

    async def revoke(scope: Scope) -> None:
        await (await scope.get(ApiKeys)).revoke_all(await (await scope.get(Users[User])).get(1))

    for kind, end in (("token", log_out), ("session", end_session), ("key", revoke)):
        await within(site, end)
        assert await name_of(site, ways[kind]) is None
    with statements(site) as seen:
        for credentials in others.values():
            assert await name_of(site, credentials) == ""
    assert seen == []


async def test_a_login_forgets_the_user_who_logs_in_and_nobody_else(site: Project, statements: Any) -> None:
    async def set_password(scope: Scope) -> None:
        users = await scope.get(Users[User])
        await users.set_password(await users.get(1), "correct horse")

    async def log_in(scope: Scope) -> None:
        await (await scope.get(Users[User])).authenticate("ann@example.com", "correct horse")

    await within(site, set_password)
    own, others = (await logged_in(site, 1))["token"], (await logged_in(site, 2))["token"]
    before = (await ask(site, own)).user.last_login_at
    await ask(site, others)
    await within(site, log_in)
    with statements(site) as seen:
        await ask(site, others)
    assert seen == []
    assert (await ask(site, own)).user.last_login_at != before


async def test_a_refresh_token_in_two_hands_ends_the_login_here_too(site: Project) -> None:
    async def issue(scope: Scope) -> Any:
        return await (await scope.get(Tokens)).issue(await (await scope.get(Users[User])).get(1))

    pair = await within(site, issue)
    credentials = Credentials("token", pair.access_token)

    async def refresh(scope: Scope) -> Any:
        return await (await scope.get(Tokens)).refresh(pair.refresh_token)

    await within(site, refresh)
    assert await name_of(site, credentials) == ""
    with pytest.raises(Unauthenticated):
        await within(site, refresh)
    assert await name_of(site, credentials) is None


async def test_a_renewed_session_leaves_nothing_of_the_old_secret(site: Project, ways: Ways) -> None:
    assert await name_of(site, ways["session"]) == ""

    async def renew(scope: Scope) -> str:
        return (await (await scope.get(Logins)).renew_session(ways["session"].secret)).secret

    secret = await within(site, renew)
    assert await name_of(site, ways["session"]) is None
    assert await name_of(site, Credentials("session", secret)) == ""


async def test_what_is_over_by_its_own_time_is_so_in_memory_too(
    site: Project, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1.5)

    async def shorten(scope: Scope) -> None:
        await (await scope.get(Session)).execute(update(Login).values(expires_at=soon))

    await within(site, shorten)
    assert await name_of(site, ways["session"]) == ""
    await asyncio.sleep((soon - datetime.now(UTC)).total_seconds() + 0.05)
    assert await name_of(site, ways["session"]) is None


# What must never be remembered -------------------------------------------------------------------------------------


async def test_a_change_that_is_rolled_back_is_never_told(site: Project, ways: Ways) -> None:
    async def fail(scope: Scope) -> None:
        await renamed_by_row(scope)
        await (await scope.get(Session)).flush()
        # Read through the session that changed it: true for this unit of work, and for no other.
        found = await (await scope.get(Identities)).of(ways["token"])
        assert found.user.full_name == "New"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await within(site, fail)
    assert await name_of(site, ways["token"]) == ""


async def test_what_was_read_before_a_commit_is_not_remembered_after_it(
    site: Project, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Lookups.token

    async def slow(self: Lookups, reading: ReadSession, *asked: Any) -> Any:
        found = await read(self, reading, *asked)
        await asyncio.create_task(within(site, renamed_by_row))  # somebody commits before it is remembered
        return found

    with monkeypatch.context() as patched:
        patched.setattr(Lookups, "token", slow)
        assert await name_of(site, ways["token"]) == ""
    assert await name_of(site, ways["token"]) == "New"


async def test_what_one_request_does_to_its_user_no_other_sees_and_nothing_is_lost_silently(
    site: Project, ways: Ways
) -> None:
    await ask(site, ways["token"])

    async def change(scope: Scope) -> None:
        user = (await (await scope.get(Identities)).of(ways["token"])).user
        user.full_name = "Lost"
        assert await name_of(site, ways["token"]) == ""

    with pytest.raises(FrameworkError, match="read through a ReadSession was changed"):
        await within(site, change)
    assert await name_of(site, ways["token"]) == ""


async def test_a_user_who_is_given_to_a_session_is_stored_by_it(site: Project, ways: Ways) -> None:
    await ask(site, ways["token"])

    async def change(scope: Scope) -> None:
        user = (await (await scope.get(Identities)).of(ways["token"])).user
        (await scope.get(Session)).add(user)
        user.full_name = "New"

    await within(site, change)
    assert await name_of(site, ways["token"]) == "New"


async def test_what_the_unit_of_work_changed_itself_it_sees_and_nothing_of_it_is_remembered(
    site: Project, ways: Ways
) -> None:
    await ask(site, ways["token"])

    async def change(scope: Scope) -> str:
        await renamed_by_row(scope)
        await (await scope.get(Session)).flush()
        found = (await (await scope.get(Identities)).of(ways["token"])).user.full_name
        await (await scope.get(Session)).rollback()
        return found

    assert await within(site, change) == "New"
    assert await name_of(site, ways["token"]) == ""


async def test_what_is_remembered_of_a_row_is_copied_to_its_depth() -> None:
    cache = UserCache(UserCacheSettings(seconds=60), User)
    preferences = {"colours": ["red"]}
    cache.remember(("key",), Found([1, preferences], 1), cache.moment)
    for found in (preferences, cache.find(("key",)).values[1]):  # type: ignore[union-attr]
        found["colours"].append("green")
    assert cache.find(("key",)) == Found((1, {"colours": ["red"]}), 1)


async def test_users_with_relations_that_are_read_along_are_read_so(site: Project) -> None:
    assert [UserRows(model).are_plain for model in (User, Member, Regular)] == [True, True, False]


# Bounds ------------------------------------------------------------------------------------------------------------


async def test_a_change_by_another_process_counts_when_the_time_is_over(
    site: Project, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Project(site.settings)
    async with other.lifespan():
        assert await name_of(site, ways["token"]) == ""
        await within(other, renamed_by_row)
        assert await name_of(site, ways["token"]) == ""
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 59)
        assert await name_of(site, ways["token"]) == ""
        monkeypatch.setattr(time, "monotonic", lambda: now + 61)
        assert await name_of(site, ways["token"]) == "New"


async def test_no_more_callers_are_remembered_than_the_settings_say_and_none_leaves_a_trace(
    make_site: MakeSite, statements: Any
) -> None:
    settings = UserCacheSettings(seconds=60, size=2)
    project = make_site(auth=AuthSettings(passwords=CHEAP, user_cache=settings))
    async with project.lifespan():
        async with project.scope() as scope:
            await (await scope.get(Users[User])).create(email="ann@example.com")
        ways = await logged_in(project)
        cache = await cache_of(project)
        for kind in ("token", "session", "token", "key"):
            await ask(project, ways[kind])
        assert len(cache._entries) == 2
        with statements(project) as seen:
            await ask(project, ways["token"])
            await ask(project, ways["key"])
            assert seen == []
            await ask(project, ways["session"])
            assert len(seen) == 1
        await within(project, renamed_by_row)
        assert (cache._entries, cache._of) == ({}, {})


async def test_a_new_login_and_a_strangers_change_drop_nobody(site: Project, ways: Ways, statements: Any) -> None:
    await ask(site, ways["token"])
    await logged_in(site, 2)

    async def stranger(scope: Scope) -> None:
        session = await scope.get(Session)
        (await session.get_one(User, 2)).full_name = "Bob"
        session.add(Group(id=1, name="editors"))
        await session.flush()
        session.add(UserGroup(user_id=2, group_id=1))

    await within(site, stranger)
    with statements(site) as seen:
        await ask(site, ways["token"])
    assert seen == []


async def test_a_key_that_nobody_made_is_not_remembered(site: Project) -> None:
    for secret in ("fk_00000000_" + "0" * 48, "bad", ""):
        with pytest.raises(Unauthenticated):
            await ask(site, Credentials("key", secret))
    with pytest.raises(Unauthenticated):
        await ask(site, Credentials("session", str(uuid7())))
    assert (await cache_of(site))._entries == {}
