"""The connection migrations run on: one of its own, outside the application's pools and their time limits."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from framework.db.url import DatabaseURL
from framework.migrations.database.driver import Connection as Driver
from framework.migrations.database.driver import connect
from framework.migrations.errors import MigrationFailed

if TYPE_CHECKING:
    from framework.db import Database
    from framework.project import Project

__all__ = ["database_of", "open_engine", "outside_transactions", "reading", "require_whole", "watching"]

BUSY_SECONDS = 60.0
FOREIGN_KEYS = "migrations_foreign_keys"
"""An execution option: whether SQLite watches over foreign keys in the transactions that follow."""
NO_TRANSACTION = "migrations_no_transaction"
"""An execution option: SQLite begins no transaction. One of ours would wait for whoever writes, also to read."""


async def database_of(project: "Project") -> "Database":
    """Return the project's database, or the one that a test or a setting put in its place."""
    from framework.db import Database

    async with project.scope() as scope:
        return await scope.get(Database)


def open_engine(url: DatabaseURL, journal_mode: str | None = None) -> AsyncEngine:
    """Return an engine for migrations; dispose of it afterwards. An SQLite file that it makes is in `journal_mode`."""
    arguments = dict(url.connect_args)
    if url.backend == "sqlite":
        # Python's driver would begin and commit on its own; DDL is transactional in SQLite itself.
        arguments = {"timeout": BUSY_SECONDS, **arguments, "isolation_level": None}
        arguments |= {"check_same_thread": False, "async_creator_fn": partial(connect, journal_mode=journal_mode)}
    else:
        # Plans prepared before a change of schema are invalid after it.
        arguments["prepared_statement_cache_size"] = 0
        # A limit for the statements of the application.
        arguments.pop("command_timeout", None)
    engine = create_async_engine(url.to_sqlalchemy(), poolclass=NullPool, connect_args=arguments)
    if url.backend == "sqlite":
        event.listen(engine.sync_engine, "begin", on_begin)
    return engine


def on_begin(connection: Connection) -> None:
    """Begin with foreign keys off: dropping a table while it is rebuilt would delete every row that points at it."""
    options = connection.get_execution_options()
    if options.get(NO_TRANSACTION):
        return
    # No effect inside a transaction, therefore before BEGIN.
    driver_of(connection).at_once(f"PRAGMA foreign_keys={'ON' if options.get(FOREIGN_KEYS) else 'OFF'}")
    cursor = connection.connection.cursor()
    try:
        cursor.execute("BEGIN IMMEDIATE")
    finally:
        cursor.close()


def driver_of(connection: Connection) -> Driver:
    """Return SQLite's own connection."""
    driver: Any = connection.connection.driver_connection
    return driver


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """Connect to look at what is there; waits for nobody."""
    async with engine.connect() as connection:
        await connection.execution_options(**{NO_TRANSACTION: True})
        yield connection


@asynccontextmanager
async def watching(connection: AsyncConnection, on: bool) -> AsyncGenerator[None]:
    """Let SQLite watch over foreign keys, as it does for the application, in transactions that begin inside."""
    if not on:
        yield
        return
    await connection.execution_options(**{FOREIGN_KEYS: on})
    try:
        yield
    finally:
        await connection.execution_options(**{FOREIGN_KEYS: False})


@contextmanager
def outside_transactions(connection: Connection) -> Generator[None]:
    """Let each statement inside be kept by itself."""
    # On SQLite the driver does so already; SQLAlchemy's AUTOCOMMIT would, at its end, make it begin on its own.
    sqlite = connection.dialect.name == "sqlite"
    name, inside = (NO_TRANSACTION, True) if sqlite else ("isolation_level", "AUTOCOMMIT")
    nested = connection.get_execution_options().get(name) == inside
    before = inside if nested else False if sqlite else connection.get_isolation_level()
    connection.commit()
    connection.execution_options(**{name: inside})
    try:
        yield
    finally:
        connection.rollback()
        connection.execution_options(**{name: before})


def require_whole(connection: Connection, migration: str) -> None:
    """Raise when rows point at nothing: SQLite did not watch while the migration ran."""
    if connection.dialect.name != "sqlite":
        return
    broken = driver_of(connection).at_once("PRAGMA foreign_key_check")
    if broken:
        table, rowid, parent, _ = broken[0]
        raise MigrationFailed(
            f"{migration} was rolled back: {len(broken)} row(s) would point at nothing, the first in table {table!r} "
            f"(rowid {rowid}), which points at {parent!r}.",
            hint="Correct those rows first, or in the migration.",
            code="migrations.orphans",
        )
