"""SQLite's thread is asked once for each statement, and answers all that SQLAlchemy wants to know of it."""

from typing import Any

import aiosqlite
import pytest
from depot.models import Brand
from sqlalchemy import insert, text, update
from sqlmodel import col, select

from framework.db import Database
from framework.errors import Conflict

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the threads of all connections are asked to do."""
    done: list[str] = []
    before = aiosqlite.Connection._execute

    async def noting(self: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
        done.append(function.__name__)
        return await before(self, function, *args, **kwargs)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", noting)
    return done


async def test_a_statement_is_one_way_to_the_thread(database: Database, asked: list[str]) -> None:
    async with database.session() as session:
        session.add(Brand(name="a"))
    async with database.read_session() as reading:
        await reading.exec(select(Brand.name))
    asked.clear()
    async with database.session() as session:
        assert (await session.exec(select(Brand.name))).all() == ["a"]
    assert asked == ["outcome_of", "outcome_of", "commit"]  # BEGIN, SELECT
    asked.clear()
    async with database.read_session() as reading:
        assert (await reading.exec(select(Brand.name))).all() == ["a"]
    assert asked == ["outcome_of"]


async def test_what_a_statement_did_is_told_as_ever(database: Database) -> None:
    async with database.session() as session:
        await session.execute(insert(Brand), [{"name": name} for name in "abc"])
        changed: Any = await session.execute(update(Brand).where(col(Brand.name) > "a").values(name=Brand.name + "!"))
        assert changed.rowcount == 2
        connection = await session.connection()
        inserted = await connection.execute(insert(Brand).values(name="d"))
        assert inserted.inserted_primary_key == (4,)
        nothing = await connection.exec_driver_sql("SELECT name FROM depot_brand WHERE name = 'z'")
        assert (list(nothing.keys()), nothing.all()) == (["name"], [])
        many = await connection.execute(text("SELECT name FROM depot_brand ORDER BY name"))
        assert [row.name for row in many.fetchmany(2)] == ["a", "b!"]
        assert many.scalars().all() == ["c!", "d"]


async def test_rows_can_be_streamed(database: Database) -> None:
    async with database.session() as session:
        session.add_all([Brand(name=f"{number:03}") for number in range(300)])
        await session.flush()
        stream = await session.stream_scalars(select(Brand.name).order_by(col(Brand.name)))
        assert [name async for name in stream] == [f"{number:03}" for number in range(300)]


async def test_a_statement_that_fails_leaves_a_connection_that_works(database: Database) -> None:
    async with database.session() as session:
        session.add(Brand(name="a"))
        await session.flush()
        with pytest.raises(Conflict):
            await ensure_conflict(session)
        session.add(Brand(name="b"))
    async with database.read_session() as reading:
        assert (await reading.exec(select(Brand.name).order_by(col(Brand.name)))).all() == ["a", "b"]


async def ensure_conflict(session: Any) -> None:
    async with session.begin_nested():
        session.add(Brand(name="a"))
        await session.flush()
