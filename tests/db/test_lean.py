"""`ReadSession.fetch`: the rows that the ordinary way gives, by a shorter one, and the same errors."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

import pytest
from depot.models import Brand
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Float,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    TypeDecorator,
    Uuid,
    bindparam,
    event,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy import Column as SAColumn
from sqlalchemy import Enum as EnumType
from sqlmodel import SQLModel

from framework.db.sessions.database import Database
from framework.db.sessions.lean import LeanReads
from framework.errors import FrameworkError, Unavailable
from tests.db.conftest import OpenDatabase
from tests.db.test_session import at_rest, checked_out, unit_of_work

BRANDS: Any = Brand.__table__  # type: ignore[attr-defined]
BY_NAME = select(BRANDS.c.id, BRANDS.c.name).where(BRANDS.c.name == bindparam("called")).order_by(BRANDS.c.id)


class Colour(Enum):
    RED = "red"


class Shout(TypeDecorator[str]):
    """Text that is stored in capital letters, and read with a mark."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return value and value.upper()

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        return value and value + "!"


KINDS = Table(
    "kinds",
    MetaData(),
    SAColumn("id", Uuid, primary_key=True),
    SAColumn("number", Integer),
    SAColumn("ratio", Float),
    SAColumn("price", Numeric(10, 2)),
    SAColumn("flag", Boolean),
    SAColumn("at", DateTime(timezone=True)),
    SAColumn("day", Date),
    SAColumn("span", Interval),
    SAColumn("data", JSON),
    SAColumn("raw", LargeBinary),
    SAColumn("colour", EnumType(Colour, native_enum=False)),
    SAColumn("word", Shout(20)),
)
ROW: dict[str, Any] = {
    "id": UUID("01a218b4-4b15-70f9-a378-5c4eed24994b"),
    "number": 7,
    "ratio": 0.5,
    "price": Decimal("3.50"),
    "flag": True,
    "at": datetime(2026, 1, 31, 9, 30, tzinfo=UTC),
    "day": date(2026, 1, 31),
    "span": timedelta(hours=1),
    "data": {"a": [1, None]},
    "raw": b"\x00\xff",
    "colour": Colour.RED,
    "word": "hello",
}


async def store(database: Database, *names: str) -> None:
    async with database.session() as session:
        session.add_all([Brand(name=name) for name in names])


async def fetched(database: Database, statement: Any, **values: Any) -> list[tuple[Any, ...]]:
    async with database.read_session() as session:
        return [tuple(row) for row in await session.fetch(statement, values)]


@contextmanager
def ordinary(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Note who takes the ordinary way."""
    taken: list[str] = []
    way = LeanReads._ordinary

    def note(self: LeanReads, statement: Any, values: Any) -> Any:
        taken.append(str(statement))
        return way(self, statement, values)

    with monkeypatch.context() as patched:
        patched.setattr(LeanReads, "_ordinary", note)
        yield taken


async def test_rows_come_by_name_and_in_order(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await store(database, "a", "b")
    with ordinary(monkeypatch) as taken:
        for _ in range(2):
            assert await fetched(database, BY_NAME, called="b") == [(2, "b")]
        assert await fetched(database, BY_NAME, called="c") == []
        assert await fetched(database, select(BRANDS.c.name).order_by(BRANDS.c.name)) == [("a",), ("b",)]
        both = select(BRANDS.c.id).where(BRANDS.c.name == bindparam("x"), BRANDS.c.id == bindparam("y"))
        assert await fetched(database, both, y=1, x="a") == [(1,)]
    assert taken == [] or database.url.backend == "sqlite"  # whose time limit listens
    assert at_rest(database)


async def test_every_type_comes_as_by_the_ordinary_way(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(KINDS.metadata.create_all)
        await connection.execute(insert(KINDS).values(ROW))
        await connection.execute(insert(KINDS).values(id=uuid4()))
    statement = select(*KINDS.c).where(KINDS.c.id == bindparam("key"), KINDS.c.word == bindparam("word"))
    everything = select(*KINDS.c).order_by(KINDS.c.number)
    with ordinary(monkeypatch) as taken:
        (row,) = await fetched(database, statement, key=ROW["id"], word="hello")
        rows = await fetched(database, everything)
    assert taken == [] or database.url.backend == "sqlite"
    async with database.read_session() as session:
        (same,) = await session.execute(statement, {"key": ROW["id"], "word": "hello"})
        assert rows == [tuple(each) for each in await session.execute(everything)]
    assert row == tuple(same)
    assert [type(value) for value in row] == [type(value) for value in same]
    assert dict(zip(ROW, row, strict=True)) | {"at": ROW["at"]} == {**ROW, "word": "HELLO!"}


async def test_a_statement_with_constants_of_its_own_is_read_too(database: Database) -> None:
    await store(database, "a")
    statement = select(BRANDS.c.id, literal(5), func.upper(BRANDS.c.name)).where(BRANDS.c.id < 9).limit(1)
    assert await fetched(database, statement) == [(1, 5, "A")]
    assert await fetched(database, select(BRANDS.c.id).where(BRANDS.c.name.in_(["a", "b"]))) == [(1,)]


async def test_it_reads_what_its_own_unit_of_work_changed(database: Database) -> None:
    async with unit_of_work(database) as (session, reading):
        assert not reading.sees_uncommitted
        session.add(Brand(name="a"))
        await session.flush()
        assert reading.sees_uncommitted
        for each in (session, reading):
            assert [tuple(row) for row in await each.fetch(BY_NAME, {"called": "a"})] == [(1, "a")]
        assert checked_out(database) == 1
        await session.rollback()


async def test_in_a_snapshot_it_sees_one_state(database: Database) -> None:
    async with database.read_session() as session, session.snapshot():
        assert await session.fetch(BY_NAME, {"called": "a"}) == []
        await store(database, "a")
        assert await session.fetch(BY_NAME, {"called": "a"}) == []
        assert checked_out(database) == 1
    assert at_rest(database)


async def test_who_listens_to_statements_hears_of_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    def hear(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        heard.append(statement)

    event.listen(database.read_engine.sync_engine, "before_cursor_execute", hear)
    await fetched(database, BY_NAME, called="a")
    assert len(heard) == 1


async def test_a_logged_engine_logs_it(open_database: OpenDatabase, caplog: pytest.LogCaptureFixture) -> None:
    database = await open_database(echo=True)
    await fetched(database, BY_NAME, called="somebody")
    assert "somebody" in caplog.text


async def test_errors_are_those_of_the_ordinary_way_and_the_connection_is_given_back(database: Database) -> None:
    missing = select(text("1")).select_from(text("not_there"))
    with pytest.raises(Exception, match="not_there") as caught:
        await fetched(database, missing)
    async with database.read_session() as session:
        with pytest.raises(type(caught.value)):
            await session.execute(missing)
    assert at_rest(database)
    with pytest.raises(FrameworkError, match="lock rows"):
        await fetched(database, BY_NAME.with_for_update(), called="a")
    async with database.read_session() as session:
        pass
    with pytest.raises(FrameworkError, match="closed with its scope"):
        await session.fetch(BY_NAME, {"called": "a"})
    assert at_rest(database)


async def test_a_connection_that_the_server_ended_is_replaced(database: Database) -> None:
    if database.url.backend == "sqlite":
        return  # has no server
    await store(database, "a")
    assert await fetched(database, BY_NAME, called="a") == [(1, "a")]
    async with database.engine.begin() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        )
    try:
        assert await fetched(database, BY_NAME, called="a") == [(1, "a")]
    except Unavailable:  # it was told before it was asked
        assert await fetched(database, BY_NAME, called="a") == [(1, "a")]


async def test_a_cancelled_read_leaves_no_answer_for_the_next(database: Database) -> None:
    await store(database, "a")
    slow = select(func.pg_sleep(5)) if database.url.backend != "sqlite" else text(SLOW).columns(SAColumn("n", Integer))
    statement: Any = slow if database.url.backend != "sqlite" else select(slow.subquery().c.n)
    for _ in range(3):
        task = asyncio.create_task(fetched(database, statement))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await fetched(database, BY_NAME, called="a") == [(1, "a")]
    assert at_rest(database)


SLOW = """WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 3000000)
SELECT count(*) AS n FROM many"""


async def test_many_at_once_share_the_pool(database: Database) -> None:
    await store(database, "a")
    found = await asyncio.gather(*(fetched(database, BY_NAME, called="a") for _ in range(60)))
    assert found == [[(1, "a")]] * 60
    assert at_rest(database)


async def test_a_lent_row_may_not_be_changed_unless_a_session_has_it(database: Database) -> None:
    await store(database, "a")

    def made() -> Brand:
        from sqlalchemy.orm import make_transient_to_detached

        brand = Brand(id=1, name="a")
        make_transient_to_detached(brand)
        brand.name = "b"
        return brand

    with pytest.raises(FrameworkError, match="A Brand read through a ReadSession was changed"):
        async with database.read_session() as reading:
            reading.lend(made())
    async with unit_of_work(database) as (session, reading):
        brand = made()
        reading.lend(brand)
        session.add(brand)
        await session.flush()
    assert await fetched(database, BY_NAME, called="b") == [(1, "b")]
    assert SQLModel.metadata is not KINDS.metadata
