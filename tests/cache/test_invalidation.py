# ruff: noqa: PT012  # errors are to leave a scope
"""Models as tags: what a committed change forgets, what nothing else does, and what is never kept."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import delete, event, text, update

from framework import Project
from framework.cache import Cache, MemoryCache, RedisCache, TwoLevelCache, cached
from framework.cache.computing import Recipe
from framework.db import Database, Session
from framework.errors import FrameworkError, ImproperlyConfigured, NotFound
from framework.services import Inject
from tests.cache.conftest import APPS, MakeProject
from tests.valkey import Server


@pytest.fixture
def Post() -> Any:
    from gazette.models import Post

    return Post


@pytest.fixture
def Author() -> Any:
    from gazette.models import Author

    return Author


@asynccontextmanager
async def work(project: Project) -> AsyncGenerator[tuple[Any, Session]]:
    from gazette.services import Posts

    async with project.scope() as scope:
        yield await scope.get(Posts), await scope.get(Session)


async def titles(project: Project) -> list[str]:
    async with work(project) as (posts, _):
        return await posts.titles()


async def title(project: Project, id: int) -> str | None:
    async with work(project) as (posts, _):
        try:
            return (await posts.get(id)).title
        except NotFound:
            return None


async def add(project: Project, *rows: Any) -> None:
    async with work(project) as (_, session):
        session.add_all(rows)


class Statements(list[str]):
    """What was asked of a database."""

    def __init__(self, project: Project) -> None:
        database = project.services.find_value(Database)
        assert database is not None
        for engine in (database.engine, database.read_engine):
            event.listen(engine.sync_engine, "before_cursor_execute", lambda *args: self.append(args[2]))


# After the commit, and only then -----------------------------------------------------------------------------------


async def test_a_committed_change_forgets_the_lists_and_the_row(project: Project, Post: Any) -> None:
    await add(project, Post(title="a"), Post(title="b"))
    assert (await titles(project), await title(project, 1), await title(project, 2)) == (["a", "b"], "a", "b")
    asked = Statements(project)
    assert (await titles(project), await title(project, 1), await title(project, 2)) == (["a", "b"], "a", "b")
    assert asked == []
    async with work(project) as (_, session):
        (await session.get_one(Post, 1)).title = "c"
    asked.clear()
    assert await title(project, 2) == "b"
    assert asked == []
    assert (await titles(project), await title(project, 1)) == (["c", "b"], "c")
    async with work(project) as (_, session):
        await session.delete(await session.get_one(Post, 1))
    assert (await titles(project), await title(project, 1)) == (["b"], None)


async def test_a_model_may_stand_alone(project: Project, Post: Any) -> None:
    asked: list[int] = []

    @cached(tags=Post)
    async def count() -> int:
        asked.append(1)
        return 1

    async with project.scope():
        await count()
        await count()
        assert len(asked) == 1
        await add(project, Post(title="new"))
        await count()
        assert len(asked) == 2


async def test_a_row_that_was_missing_is_found_once_it_is_there(project: Project, Post: Any) -> None:
    assert await title(project, 1) is None
    asked = Statements(project)
    assert await title(project, 1) is None
    assert asked == []
    await add(project, Post(title="a"))
    assert await title(project, 1) == "a"


@pytest.mark.parametrize("how", ["bulk", "text", "bare connection"])
async def test_a_change_of_nobody_knows_which_rows_forgets_all_rows(project: Project, Post: Any, how: str) -> None:
    await add(project, Post(title="a"))
    assert (await titles(project), await title(project, 1)) == (["a"], "a")
    async with work(project) as (_, session):
        if how == "bulk":
            await session.execute(update(Post).values(title="z"))
        elif how == "text":
            await session.execute(text("UPDATE gazette_post SET title = 'z'"))
            session.touch(Post)
        else:
            database = project.services.find_value(Database)
            assert database is not None
            async with database.engine.begin() as connection:
                await connection.execute(update(Post.__table__).values(title="z"))
            await database.dispose()
    assert (await titles(project), await title(project, 1)) == (["z"], "z")


async def test_what_the_database_deletes_along_is_forgotten(project: Project, Post: Any, Author: Any) -> None:
    await add(project, Author(name="x"))
    await add(project, Post(title="a", author_id=1))
    assert (await titles(project), await title(project, 1)) == (["a"], "a")
    async with work(project) as (_, session):
        await session.execute(delete(Author))
    assert (await titles(project), await title(project, 1)) == ([], None)


async def test_what_is_rolled_back_forgets_nothing(project: Project, Post: Any) -> None:
    await add(project, Post(title="a"))
    assert (await titles(project), await title(project, 1)) == (["a"], "a")
    asked = Statements(project)
    with pytest.raises(LookupError):
        async with work(project) as (_, session):
            await session.execute(update(Post).values(title="z"))
            raise LookupError
    async with work(project) as (_, session), session.begin_nested() as savepoint:
        await session.execute(update(Post).values(title="z"))
        await savepoint.rollback()
    asked.clear()
    assert (await titles(project), await title(project, 1)) == (["a"], "a")
    assert asked == []


async def test_the_commit_returns_when_it_is_forgotten(make_project: MakeProject, Post: Any, redis_url: str) -> None:
    project = await make_project(REDIS_URL=redis_url, CACHE__TIMEOUT="10")
    for number in range(20):
        await add(project, Post(title=str(number)))
        assert len(await titles(project)) == number + 1


# What is never kept ------------------------------------------------------------------------------------------------


async def test_who_changes_rows_sees_them_and_keeps_nothing_for_others(project: Project, Post: Any) -> None:
    await add(project, Post(title="a"))
    await titles(project)
    with pytest.raises(LookupError):
        async with work(project) as (posts, session):
            session.add(Post(title="mine"))
            assert await posts.titles() == ["a", "mine"]
            assert await posts.count() == 2
            raise LookupError
    async with work(project) as (posts, _):
        assert await posts.titles() == ["a"]
        assert await posts.count() == 1


async def test_who_changes_other_rows_is_served_from_the_cache(project: Project, Post: Any, Author: Any) -> None:
    await add(project, Post(title="a"))
    await titles(project)
    async with work(project) as (posts, session):
        session.add(Author(name="x"))
        await session.flush()
        asked = Statements(project)
        assert await posts.titles() == ["a"]
        assert asked == []


async def test_what_a_function_writes_it_writes_for_every_caller(project: Project) -> None:
    for number in range(3):
        async with work(project) as (posts, _):
            assert await posts.seen() == number + 1


async def test_a_reader_that_began_before_a_write_stores_nothing_stale(make_project: MakeProject, Post: Any) -> None:
    """A session keeps the rows it has read, whatever others commit: what is computed from them is old."""
    shared = MemoryCache()
    one, two = await make_project(shared), await make_project(shared)
    await add(one, Post(title="old"))
    async with one.scope() as scope:
        from gazette.services import Posts

        from framework.db import ReadSession

        posts, reading = await scope.get(Posts), await scope.get(ReadSession)
        row = await reading.get_one(Post, 1)
        async with work(two) as (_, session):
            (await session.get_one(Post, 1)).title = "new"
        posts.posts.session = reading
        assert (await posts.get(1)).title == row.title == "old"
    assert await title(one, 1) == await title(two, 1) == "new"


async def test_a_reader_that_began_before_a_write_stores_nothing_stale_when_the_server_lost_its_memory(
    make_project: MakeProject, Post: Any, server: Server
) -> None:
    """Restarted, flushed: nothing tells any more that something was changed since."""
    project = await make_project(RedisCache(server.url, timeout=10))
    await add(project, Post(title="old"))
    assert await title(project, 1) == "old"
    async with reading(project, Post) as posts:
        async with work(project) as (_, session):
            (await session.get_one(Post, 1)).title = "new"
        server.ask("FLUSHALL")
        for _ in range(2):
            assert (await posts.get(1)).title == "old"
    assert await title(project, 1) == "new"
    asked = Statements(project)
    assert await title(project, 1) == "new"
    assert asked == []


async def test_a_reader_that_began_before_a_write_stores_nothing_stale_when_memory_had_no_room(
    make_project: MakeProject, Post: Any
) -> None:
    cache = MemoryCache(max_entries=50)
    project = await make_project(cache)
    await add(project, Post(title="old"))
    assert await title(project, 1) == "old"
    async with reading(project, Post) as posts:
        async with work(project) as (_, session):
            (await session.get_one(Post, 1)).title = "new"
        for number in range(60):
            await cache.set(str(number), number)
            await cache.read([cache.tags.epoch_key])  # which is not lost
        assert (await posts.get(1)).title == "old"
    assert await title(project, 1) == "new"


@asynccontextmanager
async def reading(project: Project, Post: Any) -> AsyncGenerator[Any]:
    """Posts of a session that has read the first one, and does not read it again."""
    from gazette.services import Posts

    from framework.db import ReadSession

    async with project.scope() as scope:
        posts, session = await scope.get(Posts), await scope.get(ReadSession)
        row = await session.get_one(Post, 1)
        posts.posts.session = session
        yield posts
        assert row.title == "old"


async def test_a_value_that_is_set_is_not_kept_by_who_may_see_it_old(project: Project, Post: Any) -> None:
    from framework.db import ReadSession

    await add(project, Post(title="old"))
    async with project.scope() as scope:
        cache, session = await scope.get(Cache), await scope.get(ReadSession)
        await cache.set("title", "older", tags=[(Post, 1)])
        row = await session.get_one(Post, 1)
        async with work(project) as (_, writing):
            (await writing.get_one(Post, 1)).title = "new"
            await cache.set("mine", "new", tags=[(Post, 1)])
        await cache.set("title", row.title, tags=[(Post, 1)])
        await cache.set("other", 1, tags=[(Post, 2)])
    assert await cache.get_many(["title", "mine", "other"]) == {"other": 1}


async def test_who_changes_rows_sees_them_also_when_the_value_tells_what_it_depends_on(
    project: Project, Post: Any
) -> None:
    await add(project, Post(title="a"))

    async def get(session: Session) -> str:
        cache = project.services.find_value(Cache)
        assert cache is not None

        async def make() -> str:
            return (await session.get_one(Post, 1)).title

        recipe = Recipe(cache.key("title"), cache.codecs.of(str), make, tags_of=lambda _: [(Post, 1)])
        return await cache.computing.obtain(recipe)

    async with work(project) as (_, session):
        assert await get(session) == "a"
    cache = project.services.find_value(Cache)
    assert cache is not None
    assert await cache.get("title", str) == "a"
    with pytest.raises(LookupError):
        async with work(project) as (_, session):
            (await session.get_one(Post, 1)).title = "mine"
            assert await get(session) == "mine"
            raise LookupError
    async with work(project) as (_, session):
        assert await get(session) == "a"


async def test_a_slow_reader_stores_nothing_stale(make_project: MakeProject, Post: Any) -> None:
    shared = MemoryCache()
    one, two = await make_project(shared), await make_project(shared)
    await add(one, Post(title="a"))
    began, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> list[str]:
        async with one.scope() as scope:
            from gazette.services import Posts

            posts = await scope.get(Posts)
            found = [post.title for post in await posts.posts.all()]
        began.set()
        await go_on.wait()
        return found

    reading = asyncio.create_task(shared.get_or_set("titles", slow, list[str], tags=[Post]))
    await began.wait()
    await add(two, Post(title="b"))

    async def fast() -> list[str]:
        return await titles(two)

    # Who asks after the commit does not wait for who began before it.
    asking = asyncio.create_task(shared.get_or_set("titles", fast, list[str], tags=[Post]))
    await asyncio.wait([asking], timeout=5)
    go_on.set()
    assert await asking == ["a", "b"]
    assert await reading == ["a"]
    assert await shared.get_or_set("titles", fast, list[str], tags=[Post]) == ["a", "b"]


# Other processes ---------------------------------------------------------------------------------------------------


async def test_processes_with_a_server_see_changes_of_each_other(
    make_project: MakeProject, Post: Any, redis_url: str
) -> None:
    one = await make_project(RedisCache(redis_url, timeout=10))
    two = await make_project(TwoLevelCache(MemoryCache(), RedisCache(redis_url, timeout=10)))
    for number in range(5):
        await add(one, Post(title=f"one {number}"))
        await add(two, Post(title=f"two {number}"))
        assert len(await titles(one)) == 2 * number + 2
        async with asyncio.timeout(5):  # its near copies go when the server tells
            while len(await titles(two)) != 2 * number + 2:  # noqa: ASYNC110
                await asyncio.sleep(0.001)


async def test_processes_without_a_server_are_stale_for_the_ttl_at_most(make_project: MakeProject, Post: Any) -> None:
    """The bound that the documentation names."""
    from gazette.services import Posts

    ttl = 0.4

    async def read(project: Project) -> list[str]:
        async with project.scope() as scope:
            posts = await scope.get(Posts)
            cache = await scope.get(Cache)

            async def make() -> list[str]:
                return [post.title for post in await posts.posts.all()]

            return await cache.get_or_set("titles", make, list[str], ttl=ttl, tags=[Post])

    one, two = await make_project(MemoryCache()), await make_project(MemoryCache())
    assert await read(one) == await read(two) == []
    await add(one, Post(title="a"))
    committed = time.monotonic()
    assert await read(one) == ["a"]
    while await read(two) != ["a"]:
        assert time.monotonic() - committed <= ttl
        await asyncio.sleep(0.01)


# Installation ------------------------------------------------------------------------------------------------------


async def test_the_cache_must_be_installed_after_the_database(make_project: MakeProject) -> None:
    with pytest.raises(ImproperlyConfigured, match="before the database") as caught:
        await make_project(apps=("framework.cache", "framework.db"))
    assert caught.value.code == "cache.order"
    assert APPS.index("framework.db") < APPS.index("framework.cache")


async def test_rows_are_told_apart_by_their_keys_and_are_no_arguments_without_one(
    project: Project, Post: Any, Author: Any
) -> None:
    calls: list[Any] = []

    @cached()
    async def use(thing: Any, calls: Inject[list[Any]]) -> int:
        calls.append(thing)
        return len(calls)

    rows = [Post(id=1, title="a"), Post(id=2, title="a"), Author(id=1, name="a"), "gazette_post:1"]
    async with project.scope():
        for _ in range(2):
            assert [await use(row, calls) for row in rows] == [1, 2, 3, 4]
        assert await use(Post(id=1, title="changed"), calls) == 1
        with pytest.raises(FrameworkError, match="is a Post, that has no primary key yet") as caught:
            await use(Post(title="a"), calls)
    assert caught.value.code == "cache.key"
