"""One unit of work: what it builds, shares and closes."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Annotated, Any

import pytest

from framework.errors import FrameworkError, ImproperlyConfigured, ServiceNotFound
from framework.services import Scope, Services


class Session:
    def __init__(self) -> None:
        self.events: list[str] = []


class Posts:
    def __init__(self, session: Session) -> None:
        self.session = session


class Feed:
    def __init__(self, posts: Posts, session: Session) -> None:
        self.posts, self.session = posts, session


@pytest.fixture
def services() -> Services:
    services = Services()
    for class_ in (Session, Posts, Feed):
        services.provide(class_)
    return services


async def test_a_service_is_built_with_what_its_constructor_asks_for(services: Services) -> None:
    async with services.scope() as scope:
        feed = await scope.get(Feed)
    assert isinstance(feed.posts, Posts)
    assert isinstance(feed.session, Session)


async def test_a_scope_gives_the_very_same_objects_each_time_and_to_each_asker(services: Services) -> None:
    async with services.scope() as scope:
        feed = await scope.get(Feed)
        assert await scope.get(Posts) is feed.posts
        assert await scope.get(Session) is feed.session is feed.posts.session
        assert await scope.get(Annotated[Feed, "anything"]) is feed


async def test_two_scopes_share_no_service(services: Services) -> None:
    async with services.scope() as one, services.scope() as other:
        assert await one.get(Session) is not await other.get(Session)


async def test_a_scope_can_be_asked_for_and_is_the_one_at_hand(services: Services) -> None:
    class Lazy:
        def __init__(self, scope: Scope) -> None:
            self.scope = scope

    services.provide(Lazy)
    async with services.scope() as scope:
        assert (await scope.get(Lazy)).scope is scope
        assert await scope.get(Scope) is scope
        assert await scope.get(Annotated[Scope, "mine"]) is scope


def recorder(events: list[str]) -> dict[str, Any]:
    """Return every kind of factory, each of which writes down how it ends."""

    def generator() -> Iterator[Session]:
        try:
            yield Session()
        except BaseException as error:
            events.append(f"generator {error!r}")
            raise
        events.append("generator clean")

    async def async_generator() -> AsyncIterator[Session]:
        try:
            yield Session()
        except BaseException as error:
            events.append(f"async_generator {error!r}")
            raise
        events.append("async_generator clean")

    class Managed(Session):
        def __enter__(self) -> "Managed":
            return self

        def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
            events.append(f"managed {error!r}" if error else "managed clean")

    class AsyncManaged(Session):
        async def __aenter__(self) -> "AsyncManaged":
            return self

        async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
            events.append(f"async_managed {error!r}" if error else "async_managed clean")

    async def coroutine() -> Managed:
        await asyncio.sleep(0)
        return Managed()

    return {
        "generator": generator,
        "async_generator": async_generator,
        "generator_manager": contextmanager(generator),
        "async_generator_manager": asynccontextmanager(async_generator),
        "class": Managed,
        "async_class": AsyncManaged,
        "function": lambda: Managed(),
        "coroutine": coroutine,
    }


async def fail_after(services: Services, type_: type) -> None:
    """Ask for a service in a scope that then fails, and see the very error come out."""
    gone = LookupError("gone")

    async def work() -> None:
        async with services.scope() as scope:
            await scope.get(type_)
            raise gone

    with pytest.raises(LookupError) as caught:
        await work()
    assert caught.value is gone


KINDS = list(recorder([]))


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_factory_is_closed_with_the_scope(kind: str) -> None:
    events: list[str] = []
    services = Services()
    services.provide(Session, recorder(events)[kind])
    async with services.scope() as scope:
        assert isinstance(await scope.get(Session), Session)
        assert events == []
    assert [event.partition(" ")[2] for event in events] == ["clean"]


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_factory_sees_the_exception_that_ends_the_scope(kind: str) -> None:
    events: list[str] = []
    services = Services()
    services.provide(Session, recorder(events)[kind])
    await fail_after(services, Session)
    assert [event.partition(" ")[2] for event in events] == ["LookupError('gone')"]


async def test_cancelling_a_scope_reaches_its_services_as_an_exception() -> None:
    events: list[str] = []
    services = Services()
    services.provide(Session, recorder(events)["async_generator"])
    started = asyncio.Event()

    async def work() -> None:
        async with services.scope() as scope:
            await scope.get(Session)
            started.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert events == ["async_generator CancelledError()"]


async def test_services_close_in_the_reverse_of_the_order_they_were_built_in() -> None:
    events: list[str] = []

    class Database: ...

    class Transaction: ...

    async def database() -> AsyncIterator[Database]:
        yield Database()
        events.append("database")

    def transaction(database: Database) -> Iterator[Transaction]:
        yield Transaction()
        events.append("transaction")

    services = Services()
    services.provide(Database, database)
    services.provide(Transaction, transaction)
    async with services.scope() as scope:
        await scope.get(Transaction)
    assert events == ["transaction", "database"]


async def test_a_service_cannot_swallow_the_exception_that_ends_the_scope() -> None:
    events: list[str] = []

    class Careless: ...

    def careless(session: Session) -> Iterator[Careless]:
        with suppress(LookupError):
            yield Careless()

    services = Services()
    services.provide(Session, recorder(events)["async_generator"])
    services.provide(Careless, careless)
    await fail_after(services, Careless)
    assert events == ["async_generator LookupError('gone')"], "the session would have committed"


async def test_a_service_that_fails_to_close_keeps_no_other_from_closing() -> None:
    events: list[str] = []

    class Broken: ...

    def broken(session: Session) -> Iterator[Broken]:
        yield Broken()
        raise OSError("disk full")

    services = Services()
    services.provide(Session, recorder(events)["generator"])
    services.provide(Broken, broken)
    with pytest.raises(OSError, match="disk full"):
        async with services.scope() as scope:
            await scope.get(Broken)
    assert events == ["generator OSError('disk full')"], "a failed commit must roll back what came before"


async def test_a_factory_that_fails_leaves_no_half_built_service_and_may_be_tried_again() -> None:
    attempts = 0

    async def flaky() -> Session:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise ConnectionError("not yet")
        return Session()

    services = Services()
    services.provide(Session, flaky)
    async with services.scope() as scope:
        with pytest.raises(ConnectionError):
            await scope.get(Session)
        assert isinstance(await scope.get(Session), Session)


async def test_concurrent_callers_of_one_scope_build_once() -> None:
    built = 0

    async def slow() -> AsyncIterator[Session]:
        nonlocal built
        built += 1
        await asyncio.sleep(0.01)
        yield Session()

    services = Services()
    services.provide(Session, slow)
    services.provide(Posts)
    async with services.scope() as scope:
        found = await asyncio.gather(*[scope.get(Posts) for _ in range(50)], *[scope.get(Session) for _ in range(50)])
    assert built == 1
    assert len(set(map(id, found))) == 2


async def test_a_caller_who_waits_takes_over_when_the_builder_is_cancelled() -> None:
    attempts = 0

    async def slow() -> Session:
        nonlocal attempts
        attempts += 1
        await asyncio.sleep(60 if attempts == 1 else 0)
        return Session()

    services = Services()
    services.provide(Session, slow)
    async with services.scope() as scope:
        first = asyncio.create_task(scope.get(Session))
        await asyncio.sleep(0)
        second = asyncio.create_task(scope.get(Session))
        await asyncio.sleep(0)
        first.cancel()
        assert isinstance(await second, Session)
    assert attempts == 2


async def test_a_caller_who_outlives_the_scope_gets_an_error_and_leaves_nothing_open() -> None:
    events: list[str] = []
    release = asyncio.Event()

    @asynccontextmanager
    async def slow() -> AsyncIterator[Session]:
        await release.wait()
        try:
            yield Session()
        finally:
            events.append("closed")

    services = Services()
    services.provide(Session, slow)
    services.provide(Posts)
    async with services.scope() as scope:
        late = [asyncio.create_task(scope.get(type_)) for type_ in (Session, Posts)]
        await asyncio.sleep(0)
    release.set()
    for task in late:
        with pytest.raises(FrameworkError, match="closed"):
            await task
    assert events == ["closed"]


async def test_a_closed_scope_says_so(services: Services) -> None:
    async with services.scope() as scope:
        await scope.get(Session)
    with pytest.raises(FrameworkError) as caught:
        await scope.get(Session)
    assert str(caught.value) == (
        f"{__name__}.Session was asked of a scope that is closed: its unit of work has ended.\n"
        "  Hint: Open one of its own: `async with project.scope() as scope:`.  [services.scope]"
    )
    with pytest.raises(FrameworkError, match="closed"):
        await scope.__aenter__()


async def test_a_scope_that_was_never_entered_says_so(services: Services) -> None:
    with pytest.raises(FrameworkError, match="was not entered"):
        await services.scope().get(Session)


async def test_a_closed_scope_is_freed_without_the_garbage_collector(services: Services) -> None:
    gc.disable()
    try:
        async with services.scope() as scope:
            await scope.get(Feed)
        gone = weakref.ref(scope)
        del scope
        assert gone() is None
    finally:
        gc.enable()


async def test_a_factory_that_asks_the_scope_for_itself_is_an_error_and_no_hang() -> None:
    async def session(scope: Scope) -> Session:
        return await scope.get(Session)

    services = Services()
    services.provide(Session, session)
    async with services.scope() as scope:
        with pytest.raises(ImproperlyConfigured) as caught:
            await asyncio.wait_for(scope.get(Session), 1)
    assert caught.value.code == "services.cycle"
    name = f"{__name__}.Session"
    assert f"{name} -> framework.services.scope.Scope -> {name}" in caught.value.message


async def test_nothing_is_built_when_something_is_missing() -> None:
    built: list[str] = []

    class Missing: ...

    class Needy:
        def __init__(self, session: Session, missing: Missing) -> None: ...

    def session() -> Session:
        built.append("session")
        return Session()

    services = Services()
    services.provide(Session, session)
    services.provide(Needy)
    async with services.scope() as scope:
        with pytest.raises(ServiceNotFound):
            await scope.get(Needy)
    assert built == []
