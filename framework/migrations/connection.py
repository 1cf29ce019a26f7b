"""The connection migrations run on: one of its own, outside the application's pools and their time limits."""

from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from framework.db.url import DatabaseURL

__all__ = ["LOCK", "lock", "open_engine"]

LOCK = 0x6D696772  # "migr": the key of PostgreSQL's advisory lock
BUSY_SECONDS = 60.0


def open_engine(url: DatabaseURL) -> AsyncEngine:
    """Return an engine for migrations; dispose of it afterwards."""
    arguments = dict(url.connect_args)
    if url.backend == "sqlite":
        # Python's driver would begin and commit on its own; DDL is transactional in SQLite itself.
        arguments = {"timeout": BUSY_SECONDS, **arguments, "isolation_level": None}
    else:
        # Plans prepared before a change of schema are invalid after it.
        arguments["prepared_statement_cache_size"] = 0
    engine = create_async_engine(url.to_sqlalchemy(), poolclass=NullPool, connect_args=arguments)
    if url.backend == "sqlite":
        event.listen(engine.sync_engine, "begin", on_begin)
    return engine


def on_begin(connection: Connection) -> None:
    """Begin with foreign keys off: dropping a table while it is rebuilt would delete every row that points at it."""
    cursor: Any = connection.connection.cursor()
    try:
        cursor.execute("PRAGMA foreign_keys=OFF")  # no effect inside a transaction, therefore before BEGIN
        cursor.execute("BEGIN IMMEDIATE")
    finally:
        cursor.close()


def lock(connection: Connection) -> None:
    """Wait until no other process migrates this database; the end of the transaction lets the next one in."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    # SQLite's BEGIN IMMEDIATE is such a lock.
