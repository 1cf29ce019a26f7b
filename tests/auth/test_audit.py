"""The audit: what is kept with a transaction, what outlives it, and what happens when the database is in the way."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import event

from framework import Project
from framework.auth import Audit, AuthSettings, Client, SecurityEvent, Users, current_client
from framework.auth.events import EventWriter
from framework.auth.settings import AuditSettings
from framework.context import request_id
from framework.db import Database, Repository, Session
from framework.errors import Unauthenticated, Unavailable
from framework.services import Scope
from framework.users.models import User


@pytest.fixture
async def project(project: Project) -> AsyncGenerator[Project]:
    """A project with users. What it still has to store, is stored while the test's loop runs."""
    yield project
    async with project.scope() as scope:
        await (await scope.get(Audit)).settled()


async def events_of(project: Project) -> list[SecurityEvent]:
    async with project.scope() as scope:
        await (await scope.get(Audit)).settled()
        return await (await scope.get(Repository[SecurityEvent])).all(order="id")


class Broken(Exception):
    pass


async def broken_by(work: Callable[[Scope], Awaitable[None]], project: Project) -> None:
    """Let `work` break a unit of work."""
    with contextlib.suppress(Broken):
        async with project.scope() as scope:
            await work(scope)


async def test_what_was_done_is_kept_with_it_and_what_was_refused_in_any_case(project: Project) -> None:
    async def fail(scope: Scope) -> None:
        audit = await scope.get(Audit)
        user = await (await scope.get(Users[User])).create(email="ann@example.com")
        await audit.record("login.failed", user=user)  # a user who is never stored
        await audit.record("token.reused", login="Ann", apart=True)
        raise Broken

    await broken_by(fail, project)
    assert [(found.kind, found.login) for found in await events_of(project)] == [
        ("login.failed", "ann@example.com"),
        ("token.reused", "Ann"),
    ]
    async with project.scope() as scope:
        await (await scope.get(Users[User])).create(email="ann@example.com")
    assert [found.kind for found in await events_of(project)][2:] == ["user.created"]


async def test_an_event_says_who_was_at_the_other_end(project: Project) -> None:
    tokens = current_client.set(Client("2001:db8::1", "Agent/1 \0" + "x" * 500)), request_id.set("r-1")
    async with project.scope() as scope:
        await (await scope.get(Audit)).record("x.refused", login="a\0" + "b" * 300, details={"n": 1})
    current_client.reset(tokens[0])
    request_id.reset(tokens[1])
    async with project.scope() as scope:
        await (await scope.get(Audit)).record("y")
    first, second = await events_of(project)
    assert (first.client, first.request_id, first.details) == ("2001:db8::1", "r-1", {"n": 1})
    assert (len(first.login), len(first.user_agent)) == (254, 400)
    assert "\0" not in first.login + first.user_agent
    assert (second.client, second.user_agent, second.request_id) == ("", "", "")


async def test_the_log_has_every_event_on_one_line_once_it_is_true(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "framework.auth.security")
    async with project.scope() as scope:
        audit = await scope.get(Audit)
        await audit.record("password.changed", login="ann")
        assert caplog.records == []
        await audit.record("login.failed", login="eve\nroot logged in")

    async def fail(scope: Scope) -> None:
        await (await scope.get(Audit)).record("password.changed", login="never")
        raise Broken

    await broken_by(fail, project)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "login.failed: user None, login 'eve\\nroot logged in'",
        "password.changed: user None, login 'ann'",
    ]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    await events_of(project)


async def test_a_project_may_keep_them_in_the_log_only(make_site: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "framework.auth.security")
    project = make_site(auth=AuthSettings(audit=AuditSettings(store=False)))
    async with project.scope() as scope:
        audit = await scope.get(Audit)
        await audit.record("login.failed")
        await audit.record("login")
    assert await events_of(project) == []
    assert len(caplog.records) == 2


async def test_a_failure_within_a_transaction_that_writes_is_kept_when_that_ends(project: Project) -> None:
    async def fail(scope: Scope) -> None:
        users = await scope.get(Users[User])
        await users.create(email="ann@example.com", password="correct horse battery")  # SQLite has one writer: this
        with pytest.raises(Unauthenticated):
            await users.authenticate("ann@example.com", "wrong")
        raise Broken

    async with project.lifespan():
        await broken_by(fail, project)
    assert [found.kind for found in await events_of(project)] == ["login.failed"]


async def test_a_thousand_failures_at_once_are_a_few_transactions(project: Project) -> None:
    async with project.lifespan():
        async with project.scope() as scope:
            database = await scope.get(Database)
        begun = 0

        def count(*_: object) -> None:
            nonlocal begun
            begun += 1

        event.listen(database.engine.sync_engine, "begin", count)

        async def fail(number: int) -> None:
            async with project.scope() as scope:
                await (await scope.get(Audit)).record("login.failed", login=str(number))

        await asyncio.gather(*(fail(number) for number in range(1000)))
    assert {found.login for found in await events_of(project)} == {str(number) for number in range(1000)}
    assert begun <= 12


async def test_more_than_may_wait_are_only_logged(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    writer = EventWriter(project, most_waiting=3)
    for number in range(5):
        writer.put(SecurityEvent(kind="login.failed", login=str(number)))
    assert caplog.text.count("was not stored: 3 wait already") == 2
    await writer.settled()
    assert [found.login for found in await events_of(project)] == ["0", "1", "2"]


async def test_a_busy_database_is_tried_again_and_a_broken_one_is_logged(
    project: Project, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = EventWriter(project, pause=0)
    failures: list[Exception] = [Unavailable("database"), Unavailable("database")]
    execute = Session.execute

    async def failing(self: Session, *given: Any, **told: Any) -> Any:
        if failures:
            raise failures.pop()
        return await execute(self, *given, **told)

    monkeypatch.setattr(Session, "execute", failing)
    writer.put(SecurityEvent(kind="login.failed", login="kept"))
    await writer.settled()
    failures.append(RuntimeError("broken"))
    writer.put(SecurityEvent(kind="login.failed", login="lost"))
    await writer.settled()
    writer.put(SecurityEvent(kind="login.failed", login="kept too"))
    await writer.settled()
    assert [found.login for found in await events_of(project)] == ["kept", "kept too"]
    assert "1 security events could not be stored" in caplog.text


async def test_what_waits_is_stored_before_the_project_ends(project: Project) -> None:
    async with project.lifespan(), project.scope() as scope:
        await (await scope.get(Audit)).record("login.failed")
    async with project.scope() as scope:
        assert await (await scope.get(Repository[SecurityEvent])).count() == 1


async def test_the_tasks_of_a_request_end_with_it(project: Project, scope: Scope) -> None:
    await (await scope.get(Audit)).record("login.failed")
    await (await scope.get(Audit)).settled()
    assert [task.get_name() for task in asyncio.all_tasks() if "EventWriter" in repr(task)] == []
