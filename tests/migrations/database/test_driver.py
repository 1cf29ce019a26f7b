"""SQLite's driver for migrations: it waits for locks of others, and lets others work meanwhile."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from framework.db.settings import DatabaseSettings
from framework.db.url import DatabaseURL
from framework.migrations.database.connection import open_engine
from framework.migrations.database.driver import Connection, connect


async def opened(path: Path, patience: float) -> Connection:
    return await connect(str(path), timeout=patience, isolation_level=None, check_same_thread=False)  # pyright: ignore[reportReturnType]  # aiosqlite names its own class


@pytest.mark.parametrize("several", [False, True])
async def test_whoever_meets_a_lock_waits_for_it_while_the_loop_goes_on(tmp_path: Path, several: bool) -> None:
    path = tmp_path / "db.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE word (text)")
        other.execute("BEGIN EXCLUSIVE")
        driver = await opened(path, 20)
        rows = [("one",), ("two",)] if several else ("one",)
        work = driver.executemany if several else driver.execute
        waiting = asyncio.ensure_future(work("INSERT INTO word VALUES (?)", rows))
        done, _ = await asyncio.wait([waiting], timeout=0.1)
        assert not done
        other.execute("COMMIT")
        await waiting
        assert len(driver.at_once("SELECT text FROM word")) == 1 + several
        await driver.close()


async def test_whoever_has_no_time_to_wait_is_told_of_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        driver = await opened(path, 0.01)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            await driver.execute("BEGIN IMMEDIATE")
        other.execute("COMMIT")
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await driver.execute("INSERT INTO word VALUES ('one')")
        await driver.close()


@pytest.mark.parametrize("known", [False, True])
async def test_a_new_file_gets_the_journal_of_the_application_and_an_old_one_keeps_its_own(
    tmp_path: Path, known: bool
) -> None:
    path = tmp_path / "db.sqlite3"
    if known:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE word (text)")
    engine = open_engine(
        DatabaseURL.parse(f"sqlite:///{path}", root=tmp_path), DatabaseSettings(journal_mode="wal").journal_mode
    )
    async with engine.connect() as connection:
        mode = (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar()
    await engine.dispose()
    assert mode == ("delete" if known else "wal")
