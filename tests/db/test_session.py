import pytest
from depot.models import Brand
from sqlmodel import select

from framework.db.database import Database
from framework.errors import Conflict


async def count(database: Database) -> int:
    async with database.read_session() as session:
        return len((await session.exec(select(Brand))).all())


async def test_a_clean_end_commits(database: Database) -> None:
    async with database.session() as session:
        session.add(Brand(name="a"))
    assert await count(database) == 1


async def test_an_exception_rolls_back(database: Database) -> None:
    with pytest.raises(LookupError):
        async with database.session() as session:
            session.add(Brand(name="a"))
            await session.flush()
            raise LookupError
    assert await count(database) == 0


async def test_a_service_catches_conflict_in_a_savepoint_and_goes_on(database: Database) -> None:
    async with database.session() as session:
        session.add(Brand(name="a"))
        await session.flush()
        with pytest.raises(Conflict):
            async with session.begin_nested():
                session.add(Brand(name="a"))
                await session.flush()
        session.add(Brand(name="b"))
    assert await count(database) == 2
