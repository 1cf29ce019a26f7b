# ruff: noqa: PT012, SIM117  # errors are to leave a scope, and scopes nest

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from depot.models import Brand, Counter
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from framework.db.sessions.database import Database
from framework.db.sessions.session import ReadSession, Session, UnitOfWork
from framework.errors import Conflict, FrameworkError
from framework.services import Services
from tests.db.conftest import OpenDatabase


async def names(database: Database) -> list[str]:
    """Return what is stored, read by nobody's session but its own."""
    async with database.read_session() as session:
        return list(await session.exec(select(Brand.name).order_by(Brand.name)))


def at_rest(database: Database) -> bool:
    """Tell whether every connection is back in its pool."""
    return checked_out(database) == 0


def checked_out(database: Database) -> int:
    return sum(engine.pool.checkedout() for engine in (database.engine, database.read_engine))  # type: ignore[attr-defined]


@asynccontextmanager
async def unit_of_work(database: Database) -> AsyncGenerator[tuple[Session, ReadSession]]:
    """Open both sessions of one scope."""
    work = UnitOfWork()
    async with database.session(work) as session, database.read_session(work) as reading:
        yield session, reading


# Commit and rollback -----------------------------------------------------------------------------------------------


async def test_a_clean_end_commits(database: Database) -> None:
    async with database.session() as session:
        session.add(Brand(name="a"))
    assert await names(database) == ["a"]
    assert at_rest(database)


@pytest.mark.parametrize("error", [LookupError(), SystemExit(), asyncio.CancelledError(), KeyboardInterrupt()])
async def test_any_exception_rolls_back(database: Database, error: BaseException) -> None:
    async def work() -> None:
        async with database.session() as session:
            session.add(Brand(name="a"))
            await session.flush()
            raise error

    with pytest.raises(type(error)):
        await work()
    assert await names(database) == []
    assert at_rest(database)


async def test_no_connection_is_taken_before_the_first_statement(database: Database) -> None:
    async with unit_of_work(database) as (session, reading):
        session.add(Brand(name="a"))
        assert checked_out(database) == 0
        await session.flush()
        assert checked_out(database) == 1
        await reading.exec(select(Brand))
        assert checked_out(database) == 1
    assert at_rest(database)


async def test_reading_an_attribute_after_the_commit_asks_nobody(database: Database) -> None:
    async with database.session() as session:
        brand = Brand(name="a")
        session.add(brand)
        await session.commit()
        assert (brand.id, brand.name) == (1, "a")
    assert brand.name == "a"


async def test_a_session_can_commit_more_than_once(database: Database) -> None:
    async def work() -> None:
        async with database.session() as session:
            session.add(Brand(name="a"))
            await session.commit()
            session.add(Brand(name="b"))
            await session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        await work()
    assert await names(database) == ["a"]


async def test_a_failed_commit_surfaces_and_gives_the_connection_back(database: Database) -> None:
    async with database.session() as session:
        session.add(Brand(name="a"))

    async def work() -> None:
        async with database.session() as session:
            session.add(Brand(name="a"))

    with pytest.raises(Conflict):
        await work()
    assert at_rest(database)


async def test_a_closed_session_names_the_scope_to_open(database: Database) -> None:
    async with unit_of_work(database) as (session, reading):
        session.add(Brand(name="a"))
    for use in (
        lambda: session.exec(select(Brand)),
        lambda: session.get(Brand, 1),
        lambda: session.commit(),
        lambda: reading.exec(select(Brand)),
        lambda: reading.get(Brand, 1),
    ):
        with pytest.raises(FrameworkError, match=r"async with project\.scope\(\)") as caught:
            await use()
        assert caught.value.code == "db.session-closed"
    with pytest.raises(FrameworkError, match=r"async with project\.scope\(\)"):
        session.add(Brand(name="b"))
    assert await names(database) == ["a"]
    assert at_rest(database)


async def test_begin_commits_at_the_end_of_its_block(database: Database) -> None:
    called: list[str] = []
    async with database.session() as session:
        async with session.begin():
            session.add(Brand(name="a"))
            session.on_commit(lambda: called.append("hook"))
        assert await names(database) == ["a"]
        assert called == ["hook"]


async def test_a_session_is_sqlalchemys_own_and_also_one_that_reads() -> None:
    assert issubclass(Session, AsyncSession)
    assert issubclass(Session, ReadSession)


async def test_a_checkpoint_of_its_scope_commits_or_rolls_back_and_the_session_goes_on(database: Database) -> None:
    services = Services()
    services.provide(Session, lambda: database.session())
    async with services.scope() as scope:
        session = await scope.get(Session)
        await scope.checkpoint(commit=True)
        for name, commit in (("a", True), ("b", False), ("c", True)):
            session.add(Brand(name=name))
            await session.flush()
            await scope.checkpoint(commit=commit)
            assert at_rest(database)
        assert await names(database) == ["a", "c"]


# Savepoints --------------------------------------------------------------------------------------------------------


async def test_a_service_catches_conflict_around_a_savepoint_and_goes_on(database: Database) -> None:
    async with database.session() as session:
        session.add(Brand(name="a"))
        await session.flush()
        with pytest.raises(Conflict):
            async with session.begin_nested():
                session.add(Brand(name="a"))
                await session.flush()
        with pytest.raises(Conflict):
            async with session.begin_nested():
                session.add(Brand(name="a"))  # flushed by the savepoint's end
        session.add(Brand(name="b"))
    assert await names(database) == ["a", "b"]


async def test_a_savepoint_that_comes_first_is_inside_the_transaction(database: Database) -> None:
    async def work() -> None:
        async with database.session() as session:
            async with session.begin_nested():
                session.add(Brand(name="a"))
            raise LookupError

    with pytest.raises(LookupError):
        await work()
    assert await names(database) == []


async def test_a_savepoint_that_comes_first_and_rolls_back_leaves_the_rest(database: Database) -> None:
    async with database.session() as session:
        nested = await session.begin_nested()
        session.add(Brand(name="a"))
        await session.flush()
        await nested.rollback()
        session.add(Brand(name="b"))
    assert await names(database) == ["b"]


async def test_savepoints_nest(database: Database) -> None:
    async with database.session() as session:
        async with session.begin_nested():
            session.add(Brand(name="a"))
            with pytest.raises(LookupError):
                async with session.begin_nested():
                    session.add(Brand(name="b"))
                    async with session.begin_nested():
                        session.add(Brand(name="c"))
                    raise LookupError
            session.add(Brand(name="d"))
    assert await names(database) == ["a", "d"]


# Hooks -------------------------------------------------------------------------------------------------------------


async def test_hooks_run_after_the_commit_in_order_and_may_be_async(database: Database) -> None:
    seen: list[object] = []

    async def later() -> None:
        seen.append(await names(database))

    async with database.session() as session:
        session.add(Brand(name="a"))
        session.on_commit(later)
        session.on_commit(lambda: seen.append("second"))
        await session.flush()
        assert seen == []
    assert seen == [["a"], "second"]


async def test_hooks_run_once_for_the_commit_they_were_registered_before(database: Database) -> None:
    seen: list[str] = []
    async with database.session() as session:
        session.on_commit(lambda: seen.append("first"))
        await session.commit()
        assert seen == ["first"]
        session.on_commit(lambda: seen.append("second"))
    assert seen == ["first", "second"]


async def test_hooks_run_when_nothing_was_written(database: Database) -> None:
    seen: list[str] = []
    async with database.session() as session:
        session.on_commit(lambda: seen.append("hook"))
    assert seen == ["hook"]


async def test_hooks_never_run_after_a_rollback(database: Database) -> None:
    seen: list[str] = []

    async def failing() -> None:
        async with database.session() as session:
            session.on_commit(lambda: seen.append("never"))
            session.add(Brand(name="a"))
            await session.flush()
            raise LookupError

    async def rolled_back() -> None:
        async with database.session() as session:
            session.add(Brand(name="a"))
            session.on_commit(lambda: seen.append("never"))
            await session.rollback()

    async def failed_commit() -> None:
        async with database.session() as session:
            session.on_commit(lambda: seen.append("never"))
            session.add_all([Brand(name="a"), Brand(name="a")])

    with pytest.raises(LookupError):
        await failing()
    await rolled_back()
    with pytest.raises(Conflict):
        await failed_commit()
    assert seen == []


async def test_a_savepoint_takes_the_hooks_registered_inside_along(database: Database) -> None:
    seen: list[str] = []
    async with database.session() as session:
        session.on_commit(lambda: seen.append("outer"))
        with pytest.raises(LookupError):
            async with session.begin_nested():
                session.on_commit(lambda: seen.append("dropped"))
                async with session.begin_nested():
                    session.on_commit(lambda: seen.append("dropped, though its own savepoint was released"))
                raise LookupError
        with pytest.raises(Conflict):
            async with session.begin_nested():
                session.on_commit(lambda: seen.append("dropped by a flush that failed"))
                session.add_all([Brand(name="a"), Brand(name="a")])
                try:
                    await session.flush()
                finally:
                    session.on_commit(lambda: seen.append("dropped though it came after the failure"))
        async with session.begin_nested():
            session.on_commit(lambda: seen.append("kept"))
        session.on_commit(lambda: seen.append("last"))
        assert seen == []
    assert seen == ["outer", "kept", "last"]


async def test_a_hook_that_fails_is_logged_and_undoes_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []

    def fail() -> None:
        raise LookupError("hook")

    with caplog.at_level(logging.ERROR):
        async with database.session() as session:
            session.add(Brand(name="a"))
            session.on_commit(fail)
            session.on_commit(lambda: seen.append("next"))
    assert seen == ["next"]
    assert await names(database) == ["a"]
    assert "A hook failed after the commit" in caplog.text


async def test_a_hook_may_write_in_a_scope_of_its_own(database: Database) -> None:
    async def write() -> None:
        async with database.session() as session:
            session.add(Brand(name="from the hook"))

    async with database.session() as session:
        session.add(Brand(name="a"))
        session.on_commit(write)
    assert await names(database) == ["a", "from the hook"]


async def test_a_hook_that_uses_the_ended_session_is_told_to_open_a_scope(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with database.session() as session:
        session.add(Brand(name="a"))
        session.on_commit(lambda: session.exec(select(Brand)))
    assert "async with project.scope()" in caplog.text
    assert at_rest(database)


# Reads that say so -------------------------------------------------------------------------------------------------


async def test_each_read_gives_its_connection_back(database: Database) -> None:
    async with database.session() as session:
        session.add(Brand(name="a"))
    async with database.read_session() as reading:
        brand = (await reading.exec(select(Brand))).one()
        assert at_rest(database)
        assert await reading.get(Brand, 1) is brand
        await reading.refresh(brand)
        assert await reading.scalar(select(Brand.name)) == "a"
        assert [*(await reading.scalars(select(Brand.name)))] == ["a"]
        assert (await reading.execute(text("SELECT 1"))).scalar() == 1
        assert await reading.get_one(Brand, 1) is brand
        assert await reading.run_sync(lambda sync: sync.scalars(select(Brand.name)).all()) == ["a"]
        assert at_rest(database)


async def test_a_scope_never_holds_two_connections(open_database: OpenDatabase) -> None:
    """Five requests that use both sessions would else all wait for each other on pools of five."""
    database = await open_database(pool_size=5, max_overflow=0)

    async def work(number: int) -> None:
        async with unit_of_work(database) as (session, reading):
            await reading.exec(select(Brand))
            session.add(Brand(name=str(number)))
            await session.flush()
            await asyncio.sleep(0.01)
            assert len((await reading.exec(select(Brand).where(Brand.name == str(number)))).all()) == 1

    async with asyncio.timeout(30):
        await asyncio.gather(*(work(number) for number in range(10)))
    assert len(await names(database)) == 10
    assert at_rest(database)


async def test_the_database_itself_refuses_to_write_through_a_read_session(database: Database) -> None:
    async with database.read_session() as reading:
        for statement in (update(Brand).values(name="b"), text("INSERT INTO depot_brand (name) VALUES ('a')")):
            with pytest.raises(FrameworkError, match="cannot write") as caught:
                await reading.execute(statement)
            assert caught.value.code == "db.read-only"
        async with reading.snapshot():
            with pytest.raises(FrameworkError, match="cannot write"):
                await reading.execute(text("INSERT INTO depot_brand (name) VALUES ('a')"))
    assert await names(database) == []
    assert at_rest(database)


async def test_what_only_a_session_can_do_is_a_clear_error(database: Database) -> None:
    async with database.read_session() as reading:
        with pytest.raises(FrameworkError, match="cannot write"):
            reading.add(Brand(name="a"))
        with pytest.raises(FrameworkError, match="cannot write"):
            await reading.flush()
        with pytest.raises(FrameworkError, match="savepoint"):
            async with reading.begin_nested():
                pass
        with pytest.raises(FrameworkError, match="no transaction"):
            await reading.commit()
        with pytest.raises(FrameworkError, match="FOR UPDATE"):
            await reading.exec(select(Brand).with_for_update())
        with pytest.raises(FrameworkError, match="FOR UPDATE"):
            await reading.get(Brand, 1, with_for_update=True)
        with pytest.raises(FrameworkError, match="snapshot"):
            await reading.stream(select(Brand))
        assert at_rest(database)


async def test_those_errors_do_not_depend_on_whether_the_scope_wrote(database: Database) -> None:
    async with unit_of_work(database) as (session, reading):
        session.add(Brand(name="a"))
        with pytest.raises(FrameworkError, match="cannot write"):
            reading.add(Brand(name="b"))
        with pytest.raises(FrameworkError, match="FOR UPDATE"):
            await reading.exec(select(Brand).with_for_update())
        with pytest.raises(FrameworkError, match="savepoint"):
            async with reading.begin_nested():
                pass


async def test_an_object_changed_in_a_read_session_is_an_error_not_a_silent_loss(database: Database) -> None:
    async with database.session() as session:
        session.add(Brand(name="a"))

    async def work() -> None:
        async with database.read_session() as reading:
            brand = (await reading.exec(select(Brand))).one()
            brand.name = "b"
            await reading.exec(select(Brand))

    with pytest.raises(FrameworkError, match="A Brand read through a ReadSession was changed"):
        await work()
    assert await names(database) == ["a"]


async def test_reads_go_through_the_session_once_it_has_begun(database: Database) -> None:
    async with unit_of_work(database) as (session, reading):
        assert (await reading.exec(select(Brand))).all() == []
        session.add(Brand(name="a"))
        brand = (await reading.exec(select(Brand))).one()
        assert brand in session
        assert await reading.get(Brand, brand.id) is brand
        assert await names(database) == []
        await session.commit()
        assert (await reading.exec(select(Brand))).one() is brand


async def test_what_was_read_before_can_be_refreshed_to_the_scopes_own_change(database: Database) -> None:
    async with database.session() as session:
        session.add(Brand(name="a"))
    async with unit_of_work(database) as (session, reading):
        before = await reading.get_one(Brand, 1)
        (await session.get_one(Brand, 1)).name = "b"
        assert (await reading.get_one(Brand, 1)).name == "b"
        await reading.refresh(before)
        assert before.name == "b"
    assert await names(database) == ["b"]


async def test_the_read_session_may_be_asked_for_first_or_last(database: Database) -> None:
    work = UnitOfWork()
    async with database.read_session(work) as reading, database.session(work) as session:
        session.add(Brand(name="a"))
        assert len((await reading.exec(select(Brand))).all()) == 1
    assert await names(database) == ["a"]
    assert at_rest(database)


async def test_a_read_sees_what_others_committed_since_the_last(database: Database) -> None:
    async with database.read_session() as reading:
        assert (await reading.exec(select(Brand))).all() == []
        async with database.session() as session:
            session.add(Brand(name="a"))
        assert len((await reading.exec(select(Brand))).all()) == 1


async def test_a_snapshot_reads_one_state_whatever_others_commit(database: Database) -> None:
    count = select(Brand.name)
    async with database.read_session() as reading:
        async with reading.snapshot() as same:
            assert same is reading
            assert (await reading.exec(count)).all() == []
            async with database.session() as session:
                session.add(Brand(name="a"))
            assert (await reading.exec(count)).all() == []
            async with reading.snapshot():
                assert (await reading.exec(count)).all() == []
            assert (await reading.exec(count)).all() == []
            assert checked_out(database) == 1
        assert at_rest(database)
        assert (await reading.exec(count)).all() == ["a"]
    async with database.read_session() as reading:  # the connection is in autocommit again
        assert len((await reading.exec(count)).all()) == 1
        async with database.session() as session:
            session.add(Brand(name="b"))
        assert len((await reading.exec(count)).all()) == 2


async def test_a_snapshot_streams(database: Database) -> None:
    async with database.session() as session:
        session.add_all([Brand(name=f"{number:03}") for number in range(100)])
    seen: list[str] = []
    async with database.read_session() as reading, reading.snapshot():
        async for name in await reading.stream_scalars(select(Brand.name).order_by(Brand.name)):
            seen.append(name)
            if len(seen) == 50:
                break
    assert seen == [f"{number:03}" for number in range(50)]
    assert at_rest(database)


async def test_a_snapshot_of_a_scope_that_writes_is_its_transaction(database: Database) -> None:
    async with unit_of_work(database) as (session, reading):
        session.add(Brand(name="a"))
        async with reading.snapshot():
            assert (await reading.exec(select(Brand.name))).all() == ["a"]
        async with session.snapshot():
            assert (await session.exec(select(Brand.name))).all() == ["a"]
    assert at_rest(database)


async def test_a_snapshot_ends_with_an_error_too(database: Database) -> None:
    async def work() -> None:
        async with database.read_session() as reading, reading.snapshot():
            await reading.exec(select(Brand))
            raise LookupError

    with pytest.raises(LookupError):
        await work()
    assert at_rest(database)
    await names(database)


# SQLite's one writer -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_second_writing_scope_inside_the_first_is_an_error_at_once(database: Database) -> None:
    async with database.session() as session:
        session.add(Brand(name="a"))
        await session.flush()
        async with database.session() as inner:
            with pytest.raises(FrameworkError, match="second Session") as caught:
                await inner.exec(select(Brand))
        assert caught.value.code == "db.nested-write"
        assert await names(database) == []  # reading is no writing
    assert await names(database) == ["a"]
    async with database.session() as session:  # one after the other
        session.add(Brand(name="b"))
    assert await names(database) == ["a", "b"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_task_started_by_a_writing_scope_waits_its_turn(database: Database) -> None:
    async def later() -> None:
        async with database.session() as session:
            session.add(Brand(name="later"))

    async with database.session() as session:
        session.add(Brand(name="a"))
        await session.flush()
        task = asyncio.create_task(later())
        await asyncio.sleep(0.05)
    await task
    assert await names(database) == ["a", "later"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_session_that_reads_first_holds_the_writers_lock(database: Database) -> None:
    """Two that read the same value before they write would lose one of the changes."""
    async with database.session() as session:
        session.add(Counter(id=1))

    async def increment() -> None:
        async with database.session() as session:
            counter = await session.get_one(Counter, 1)
            await asyncio.sleep(0.01)
            counter.value += 1

    await asyncio.gather(increment(), increment(), increment())
    async with database.read_session() as reading:
        assert await reading.scalar(select(col(Counter.value))) == 3
