"""Many at once: nothing is lost, nothing hangs, and every connection comes back."""

import asyncio
import contextlib
import sys
from typing import Any

from depot.models import Brand, Counter
from sqlmodel import col, func, select, update

from framework.db.sessions.database import Database
from framework.db.sessions.session import UnitOfWork
from framework.errors import Conflict
from tests.db.conftest import OpenDatabase

WRITERS = 200


def at_rest(database: Database) -> bool:
    """Tell whether every connection is back in its pool."""
    pools: list[Any] = [database.engine.pool, database.read_engine.pool]
    return all(pool.checkedout() == 0 and pool.waiting == 0 for pool in pools)


async def value(database: Database) -> int:
    async with database.read_session() as reading:
        return (await reading.exec(select(Counter.value))).one()


async def start_counting(open_database: OpenDatabase, **settings: Any) -> Database:
    database = await open_database(pool_timeout=50, **settings)
    async with database.session() as session:
        session.add(Counter(id=1))
    return database


async def test_200_parallel_writers_that_read_first_lose_nothing(open_database: OpenDatabase) -> None:
    database = await start_counting(open_database)

    async def increment() -> None:
        async with database.session() as session:
            # A lock on PostgreSQL; on SQLite every session is the only writer from its first statement on.
            counter = (await session.exec(select(Counter).with_for_update())).one()
            counter.value += 1

    await asyncio.gather(*(increment() for _ in range(WRITERS)))
    assert await value(database) == WRITERS
    assert at_rest(database)


async def test_200_parallel_writers_of_one_statement_lose_nothing(open_database: OpenDatabase) -> None:
    database = await start_counting(open_database)

    async def increment() -> None:
        async with database.session() as session:
            await session.exec(update(Counter).values(value=col(Counter.value) + 1))

    await asyncio.gather(*(increment() for _ in range(WRITERS)))
    assert await value(database) == WRITERS
    assert at_rest(database)


async def test_200_parallel_inserts_are_all_there_and_readers_go_on_meanwhile(open_database: OpenDatabase) -> None:
    database = await open_database(pool_timeout=50)
    seen: list[int] = []

    async def insert(number: int) -> None:
        async with database.session() as session:
            session.add(Brand(name=f"{number}"))

    async def read() -> None:
        async with database.read_session() as reading:
            seen.append((await reading.exec(select(func.count()).select_from(Brand))).one())

    await asyncio.gather(*(work for number in range(WRITERS) for work in (insert(number), read())))
    assert len(seen) == WRITERS
    async with database.read_session() as reading:
        assert (await reading.exec(select(func.count()).select_from(Brand))).one() == WRITERS
    assert at_rest(database)


async def test_of_50_that_want_one_name_one_gets_it_and_the_others_hear_of_it(open_database: OpenDatabase) -> None:
    database = await open_database(pool_timeout=50)

    async def take() -> set[str]:
        async with database.session() as session:
            try:
                async with session.begin_nested():
                    session.add(Brand(name="wanted"))
            except Conflict as error:
                return set(error.fields)
            return set()

    answers = await asyncio.gather(*(take() for _ in range(50)))
    assert sorted(map(len, answers)) == [0] + [1] * 49
    assert set().union(*answers) == {"name"}
    assert at_rest(database)


async def test_writers_cancelled_at_random_leave_what_was_committed_and_no_more(open_database: OpenDatabase) -> None:
    database = await start_counting(open_database)
    done: list[int] = []

    async def increment(number: int) -> None:
        async with database.session() as session:
            counter = (await session.exec(select(Counter).with_for_update())).one()
            counter.value += 1
            session.on_commit(lambda: done.append(number))

    tasks = [asyncio.create_task(increment(number)) for number in range(WRITERS)]
    for number, task in enumerate(tasks):
        if number % 3 == 0:
            await asyncio.sleep(0.002)
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await value(database) == len(done)  # a hook ran for each that was stored, and for no other
    assert len(done) >= WRITERS - (WRITERS + 2) // 3
    assert at_rest(database)


async def test_scopes_that_use_both_sessions_do_not_wait_for_each_other(open_database: OpenDatabase) -> None:
    database = await open_database(pool_size=2, max_overflow=0, pool_timeout=50)

    async def work(number: int) -> None:
        unit = UnitOfWork()
        async with database.read_session(unit) as reading, database.session(unit) as session:
            await reading.exec(select(Brand).limit(1))
            session.add(Brand(name=f"{number}"))
            await session.flush()
            assert (await reading.exec(select(Brand.name).where(Brand.name == f"{number}"))).one() == f"{number}"

    await asyncio.gather(*(work(number) for number in range(60)))
    assert at_rest(database)


WORKER = """
import asyncio, sys
from pathlib import Path
from sqlalchemy import text
from framework.db.sessions.database import Database
from framework.db.settings import DatabaseSettings

async def main(url: str, count: int) -> None:
    database = Database(DatabaseSettings(url=url, pool_timeout=50, busy_timeout=50), Path("/"))

    async def increment() -> None:
        async with database.session() as session:
            lock = " FOR UPDATE" if session.get_bind().dialect.name == "postgresql" else ""
            value = await session.scalar(text("SELECT value FROM depot_counter" + lock))
            await session.execute(text("UPDATE depot_counter SET value = :value"), {"value": value + 1})

    await asyncio.gather(*(increment() for _ in range(count)))
    await database.dispose()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_writers_in_several_processes_lose_nothing(open_database: OpenDatabase, database_url: str) -> None:
    database = await start_counting(open_database)
    workers = [await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, database_url, "50") for _ in range(2)]
    try:
        codes = [await worker.wait() for worker in workers]
    finally:
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                worker.kill()
    assert codes == [0, 0]
    assert await value(database) == 100
