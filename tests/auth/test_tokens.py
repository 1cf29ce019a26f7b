"""Tokens: issued, refreshed, revoked; and what a refresh token in two hands does."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from framework import Project
from framework.auth import AuthSettings, Login, RefreshToken, SecurityEvent, Users
from framework.auth.identity import Credentials, Identity
from framework.auth.secrets import digest
from framework.auth.services import Identities, Logins, TokenPair, Tokens
from framework.auth.settings import TokenSettings
from framework.db import Repository, Session, col, select
from framework.errors import NotFound, Unauthenticated
from framework.users.models import User
from tests.auth.conftest import CHEAP, MakeSite


@pytest.fixture
async def site(project: Project) -> AsyncGenerator[Project]:
    """A running project with one user."""
    async with project.lifespan():
        await make_user(project)
        yield project


async def make_user(project: Project, email: str = "ann@example.com") -> User:
    async with project.scope() as scope:
        return await (await scope.get(Users[User])).create(email=email)


async def ann(scope: Any) -> User:
    user = await (await scope.get(Users[User])).find("ann@example.com")
    assert user is not None
    return user


async def issued(project: Project, **options: Any) -> TokenPair:
    async with project.scope() as scope:
        return await (await scope.get(Tokens)).issue(await ann(scope), **options)


async def refreshed(project: Project, token: str) -> TokenPair:
    async with project.scope() as scope:
        return await (await scope.get(Tokens)).refresh(token)


async def identity(project: Project, pair: TokenPair) -> Identity:
    async with project.scope() as scope:
        return await (await scope.get(Identities)).of(Credentials("token", pair.access_token))


async def is_known(project: Project, pair: TokenPair) -> bool:
    try:
        return (await identity(project, pair)).user.email == "ann@example.com"
    except Unauthenticated:
        return False


async def refusal(work: Any) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await work
    return caught.value.reason


async def test_a_program_is_known_by_its_access_token_and_gets_the_next_by_its_refresh_token(site: Project) -> None:
    first = await issued(site)
    found = await identity(site, first)
    assert (found.user.email, found.kind, found.scopes) == ("ann@example.com", "token", None)
    assert isinstance(found.user, User)
    second = await refreshed(site, first.refresh_token)
    assert (await identity(site, second)).login_id == found.login_id
    assert {first.access_token, first.refresh_token}.isdisjoint({second.access_token, second.refresh_token})
    assert await is_known(site, first)  # until its time is over


async def test_no_refresh_token_is_stored_in_words(site: Project) -> None:
    pair = await issued(site)
    async with site.scope() as scope:
        row = await (await scope.get(Repository[RefreshToken])).find(hash=digest(pair.refresh_token))
    assert row is not None
    assert pair.refresh_token not in str(row.__dict__)
    assert row.hash not in row.model_dump_json()


async def test_scopes_stay_with_a_login_when_it_refreshes(site: Project) -> None:
    pair = await refreshed(site, (await issued(site, scopes=["b", "a", "a"])).refresh_token)
    assert pair.scopes == {"a", "b"}
    assert (await identity(site, pair)).scopes == {"a", "b"}
    nothing = await refreshed(site, (await issued(site, scopes=[])).refresh_token)
    assert (await identity(site, nothing)).scopes == frozenset()


async def test_a_refresh_token_that_comes_again_ends_its_login_and_no_other(site: Project) -> None:
    other = await issued(site)
    first = await issued(site)
    second = await refreshed(site, first.refresh_token)
    assert await refusal(refreshed(site, first.refresh_token)) == "invalid"
    assert not await is_known(site, second)
    assert not await is_known(site, first)
    assert await refusal(refreshed(site, second.refresh_token)) == "invalid"
    assert await is_known(site, other)
    async with site.scope() as scope:
        kinds = list(await (await scope.get(Session)).exec(select(SecurityEvent.kind)))
    assert kinds.count("token.reused") == 1


async def test_of_fifty_at_once_with_one_refresh_token_one_wins_and_the_family_dies(site: Project) -> None:
    pair = await issued(site)
    others = await issued(site)
    results = await asyncio.gather(*(refreshed(site, pair.refresh_token) for _ in range(50)), return_exceptions=True)
    winners = [result for result in results if isinstance(result, TokenPair)]
    losers = [result for result in results if isinstance(result, Unauthenticated)]
    assert (len(winners), len(losers)) == (1, 49)
    assert not await is_known(site, winners[0])
    assert await refusal(refreshed(site, winners[0].refresh_token)) == "invalid"
    assert await is_known(site, others)
    async with site.scope() as scope:
        kinds = list(await (await scope.get(Session)).exec(select(SecurityEvent.kind)))
        tokens = await (await scope.get(Repository[RefreshToken])).all()
    assert "token.reused" in kinds
    assert len(tokens) == 3  # the two first ones, and the winner's


async def test_a_reuse_counts_also_when_the_unit_of_work_is_rolled_back(site: Project) -> None:
    first = await issued(site)
    second = await refreshed(site, first.refresh_token)
    with pytest.raises(Unauthenticated):  # which rolls the scope back
        async with site.scope() as scope:
            await (await scope.get(Tokens)).refresh(first.refresh_token)
    assert not await is_known(site, second)


@pytest.mark.parametrize("token", ["", "unknown", "\x00", "\ud800", "x" * 10_000])
async def test_a_refresh_token_that_nobody_made_is_refused(site: Project, token: str) -> None:
    assert await refusal(refreshed(site, token)) == "invalid"


async def test_an_access_token_refreshes_nothing_and_a_refresh_token_gives_no_access(site: Project) -> None:
    pair = await issued(site)
    assert await refusal(refreshed(site, pair.access_token)) == "invalid"
    swapped = TokenPair(pair.refresh_token, pair.access_token, 1)
    assert await refusal(identity(site, swapped)) == "invalid"


async def test_an_expired_refresh_token_is_refused_and_ends_nothing(site: Project) -> None:
    pair = await issued(site)
    async with site.scope() as scope:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await (await scope.get(Session)).execute(update(RefreshToken).values(expires_at=past))
    assert await refusal(refreshed(site, pair.refresh_token)) == "expired"
    assert await is_known(site, pair)


async def test_a_login_ends_after_its_longest_time_whatever_was_refreshed(site: Project) -> None:
    pair = await issued(site)
    async with site.scope() as scope:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await (await scope.get(Session)).execute(update(Login).values(expires_at=past))
    assert await refusal(refreshed(site, pair.refresh_token)) == "invalid"
    assert await refusal(identity(site, pair)) == "expired"


async def test_no_token_is_promised_for_longer_than_its_login(make_site: MakeSite) -> None:
    project = make_site(auth=AuthSettings(passwords=CHEAP, tokens=TokenSettings(login_ttl=60)))
    await make_user(project)
    pair = await issued(project)
    assert 55 < pair.expires_in <= 60
    async with project.scope() as scope:
        assert (await scope.get(Tokens)).verify(pair.access_token).expires_at <= datetime.now(UTC).timestamp() + 60
        (row,) = await (await scope.get(Repository[RefreshToken])).all()
    assert row.expires_at <= datetime.now(UTC) + timedelta(seconds=60)


async def test_revoking_a_refresh_token_ends_its_login(site: Project) -> None:
    pair = await issued(site)
    async with site.scope() as scope:
        tokens = await scope.get(Tokens)
        assert await tokens.revoke(pair.refresh_token)
        assert not await tokens.revoke("unknown")
    async with site.scope() as scope:
        assert not await (await scope.get(Tokens)).revoke(pair.refresh_token)
    assert not await is_known(site, pair)
    assert await refusal(refreshed(site, pair.refresh_token)) == "invalid"


async def test_a_user_who_is_no_longer_active_or_there_has_no_token(site: Project) -> None:
    pair = await issued(site)
    async with site.scope() as scope:
        await (await scope.get(Users[User])).deactivate(await (await scope.get(Users[User])).get(1))
    assert await refusal(identity(site, pair)) == "invalid"
    assert await refusal(refreshed(site, pair.refresh_token)) == "invalid"
    async with site.scope() as scope:
        await (await scope.get(Users[User])).activate(await (await scope.get(Users[User])).get(1))
    assert await is_known(site, pair)
    async with site.scope() as scope:
        await (await scope.get(Users[User])).delete(await (await scope.get(Users[User])).get(1))
    assert await refusal(identity(site, pair)) == "invalid"
    assert await refusal(refreshed(site, pair.refresh_token)) == "invalid"


async def test_a_token_of_one_user_is_none_of_anothers_login(site: Project) -> None:
    await make_user(site, "bob@example.com")
    pair = await issued(site)
    async with site.scope() as scope:
        await (await scope.get(Session)).execute(update(Login).values(user_id=2))
    assert await refusal(identity(site, pair)) == "invalid"


async def test_all_devices_of_a_user_are_logged_out_but_the_one_at_hand(site: Project) -> None:
    here, there = await issued(site), await issued(site)
    async with site.scope() as scope:
        logins, user = await scope.get(Logins), await ann(scope)
        current = (await identity(site, here)).login_id
        assert await logins.end_all(user, but=current) == 1
        assert [login.id for login in await logins.all(user)] == [current]
    assert await is_known(site, here)
    assert not await is_known(site, there)


async def test_a_device_is_logged_out_by_its_own_user_only(site: Project) -> None:
    bob = await make_user(site, "bob@example.com")
    pair = await issued(site)
    login = (await identity(site, pair)).login_id
    assert login is not None
    async with site.scope() as scope:
        with pytest.raises(NotFound):
            await (await scope.get(Logins)).end(bob, login)
    assert await is_known(site, pair)
    async with site.scope() as scope:
        await (await scope.get(Logins)).end(await ann(scope), login)
    assert not await is_known(site, pair)
    async with site.scope() as scope:
        with pytest.raises(NotFound):
            await (await scope.get(Logins)).end(await ann(scope), login)


async def test_knowing_the_caller_costs_one_statement(site: Project, statements: Any) -> None:
    pair = await issued(site)
    with statements(site) as seen:
        await identity(site, pair)
    assert len(seen) == 1


async def test_a_use_is_written_down_at_most_once_a_minute_and_not_by_the_request(
    site: Project, statements: Any
) -> None:
    pair = await issued(site)
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    async with site.scope() as scope:
        await (await scope.get(Session)).execute(update(Login).values(used_at=long_ago))
    from framework.auth.uses import Uses

    async with site.scope() as scope:
        uses = await scope.get(Uses)
    with statements(site) as seen:
        for _ in range(3):
            await asyncio.gather(*(identity(site, pair) for _ in range(5)))
            await uses.settled()
    assert sum(statement.startswith("UPDATE") for statement in seen) == 1
    async with site.scope() as scope:
        used_at = (await (await scope.get(Session)).exec(select(Login.used_at))).one()
    assert datetime.now(UTC) - used_at < timedelta(seconds=30)


async def test_the_project_writes_down_what_waits_when_it_stops(make_site: MakeSite) -> None:
    project = make_site()
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    async with project.lifespan():
        await make_user(project)
        pair = await issued(project)
        async with project.scope() as scope:
            await (await scope.get(Session)).execute(update(Login).values(used_at=long_ago))
        await identity(project, pair)
    async with project.scope() as scope:
        used_at = (await (await scope.get(Session)).exec(select(Login.used_at).where(col(Login.user_id) == 1))).one()
    assert used_at > long_ago
