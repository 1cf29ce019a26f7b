"""Sessions in each of their stores: the database, the cache in memory, and a real server."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from framework import Project
from framework.auth import AuthSettings, Credentials, Identities, Identity, Logins, StartedSession, Tokens, Users
from framework.auth.models import Login
from framework.auth.secrets import digest
from framework.auth.sessions.cached import CachedLogins
from framework.auth.settings import SessionSettings, UserCacheSettings
from framework.cache import Cache, CacheSettings
from framework.db import Repository
from framework.errors import NotFound, Unauthenticated, Unavailable
from framework.testing.projects import Projects
from framework.users.models import User
from tests.auth.conftest import CHEAP, Site

APPS = Site.model_fields["installed_apps"].default


def settings(store: Any, **sessions: Any) -> AuthSettings:
    return AuthSettings(passwords=CHEAP, sessions=SessionSettings(store=store, **sessions))


@pytest.fixture(params=["database", "memory", "server"])
async def site(request: pytest.FixtureRequest, project_with: Projects) -> AsyncGenerator[Project]:
    """A running project with two users, whose sessions are kept in each way."""
    url = request.getfixturevalue("redis_url") if request.param == "server" else None
    store = "database" if request.param == "database" else "cache"
    project = project_with(Site, installed_apps=APPS, auth=settings(store), cache=CacheSettings(url=url))
    async with project.lifespan():
        await make_users(project)
        yield project


async def make_users(project: Project) -> None:
    async with project.scope() as scope:
        users = await scope.get(Users[User])
        for name in ("ann", "bob"):
            await users.create(email=f"{name}@example.com")


async def start(project: Project, id: int = 1, **options: Any) -> StartedSession:
    async with project.scope() as scope:
        return await (await scope.get(Logins)).start_session(await user_of(scope, id), **options)


async def user_of(scope: Any, id: int = 1) -> User:
    return await (await scope.get(Users[User])).get(id)


async def ask(project: Project, secret: str) -> Identity:
    async with project.scope() as scope:
        return await (await scope.get(Identities)).of(Credentials("session", secret))


async def is_known(project: Project, secret: str) -> bool:
    try:
        return (await ask(project, secret)).user.email == "ann@example.com"
    except Unauthenticated:
        return False


async def test_a_session_is_known_listed_and_ended(site: Project) -> None:
    one, two = await start(site), await start(site)
    found = await ask(site, one.secret)
    assert (found.kind, found.login_id, found.scopes) == ("session", one.login.id, None)
    async with site.scope() as scope:
        logins, user = await scope.get(Logins), await user_of(scope)
        pair = await (await scope.get(Tokens)).issue(user)
        assert pair.refresh_token
    async with site.scope() as scope:
        logins, user = await scope.get(Logins), await user_of(scope)
        assert {login.id for login in await logins.all(user) if login.kind == "session"} == {one.login.id, two.login.id}
        assert len(await logins.all(user)) == 3
        session = await logins.find_session(one.secret)
        assert session is not None
        assert session.id == one.login.id
        await logins.end(user, one.login.id)
    assert not await is_known(site, one.secret)
    assert await is_known(site, two.secret)
    async with site.scope() as scope:
        with pytest.raises(NotFound):
            await (await scope.get(Logins)).end(await user_of(scope), one.login.id)


async def test_nobody_ends_the_session_of_another(site: Project) -> None:
    started = await start(site)
    async with site.scope() as scope:
        with pytest.raises(NotFound):
            await (await scope.get(Logins)).end(await user_of(scope, 2), started.login.id)
    assert await is_known(site, started.secret)


async def test_a_new_session_takes_the_place_of_the_one_that_the_browser_had(site: Project) -> None:
    before = await start(site)
    after = await start(site, instead_of=before.secret)
    assert before.secret != after.secret
    assert not await is_known(site, before.secret)
    assert await is_known(site, after.secret)
    assert await is_known(site, (await start(site, instead_of="planted")).secret)


async def test_a_renewed_session_is_the_same_login_under_another_secret(site: Project) -> None:
    before = await start(site)

    async def renew() -> StartedSession:
        async with site.scope() as scope:
            return await (await scope.get(Logins)).renew_session(before.secret)

    results = await asyncio.gather(*(renew() for _ in range(8)), return_exceptions=True)
    (after,) = [result for result in results if isinstance(result, StartedSession)]
    assert all(isinstance(result, StartedSession | Unauthenticated) for result in results)
    assert after.login.id == before.login.id
    assert not await is_known(site, before.secret)
    assert await is_known(site, after.secret)


async def test_all_are_ended_but_the_one_at_hand_whoever_logs_in_meanwhile(site: Project) -> None:
    here = await start(site)
    started = await asyncio.gather(*(start(site) for _ in range(10)))
    assert await asyncio.gather(*(is_known(site, each.secret) for each in started)) == [True] * 10
    async with site.scope() as scope:
        assert await (await scope.get(Logins)).end_all(await user_of(scope), but=here.login.id) == 10
    assert await asyncio.gather(*(is_known(site, each.secret) for each in started)) == [False] * 10
    assert await is_known(site, here.secret)
    async with site.scope() as scope:
        assert await (await scope.get(Logins)).end_all(await user_of(scope)) == 1
    assert not await is_known(site, here.secret)


async def test_a_session_of_a_user_who_is_gone_is_none(site: Project) -> None:
    started = await start(site)
    async with site.scope() as scope:
        users = await scope.get(Users[User])
        await users.deactivate(await users.get(1))
    assert not await is_known(site, started.secret)


async def test_what_the_cache_holds_is_in_no_table_and_holds_no_secret(project_with: Projects) -> None:
    project = project_with(Site, installed_apps=APPS, auth=settings("cache"))
    async with project.lifespan():
        await make_users(project)
        started = await start(project)
        async with project.scope() as scope:
            assert await (await scope.get(Repository[Login])).count() == 0
            cache: Any = await scope.get(Cache)
            assert started.secret not in str(vars(cache))
            assert digest(started.secret) in str(vars(cache))


async def test_a_session_in_the_cache_ends_when_it_is_idle_and_use_keeps_it(project_with: Projects) -> None:
    project = project_with(Site, installed_apps=APPS, auth=settings("cache", idle_ttl=1))
    async with project.lifespan():
        await make_users(project)
        used, idle = await start(project), await start(project)
        async with project.scope() as scope:
            store = CachedLogins(await scope.get(Cache), SessionSettings(idle_ttl=60))
        await store.used(used.login)
        await asyncio.sleep(1.05)
        assert await is_known(project, used.secret)
        assert not await is_known(project, idle.secret)
        assert [login.id for login in await store.all(1)] == [used.login.id]


async def test_a_session_that_its_users_index_lost_is_none(project_with: Projects) -> None:
    project = project_with(Site, installed_apps=APPS, auth=settings("cache"))
    async with project.lifespan():
        await make_users(project)
        started = await start(project)
        async with project.scope() as scope:
            await (await scope.get(Cache)).delete("auth:sessions:1")
        assert not await is_known(project, started.secret)


async def test_while_the_server_is_away_nobody_is_told_to_be_logged_out(project_with: Projects) -> None:
    url = "redis://127.0.0.1:1"
    project = project_with(Site, installed_apps=APPS, auth=settings("cache"), cache=CacheSettings(url=url))
    async with project.lifespan():
        await make_users(project)
        for work in (ask(project, "secret"), start(project)):
            with pytest.raises(Unavailable):
                await work


async def test_with_the_cache_of_users_a_session_costs_no_statement_and_its_end_counts_at_once(
    project_with: Projects, statements: Any
) -> None:
    auth = settings("cache").model_copy(update={"user_cache": UserCacheSettings(seconds=60)})
    project = project_with(Site, installed_apps=APPS, auth=auth)
    async with project.lifespan():
        await make_users(project)
        started = await start(project)
        assert await is_known(project, started.secret)
        with statements(project) as seen:
            assert await is_known(project, started.secret)
        assert seen == []
        async with project.scope() as scope:
            await (await scope.get(Logins)).end_session(started.secret)
        assert not await is_known(project, started.secret)
