"""SQLite's driver for migrations: statements run where they are sent, for a hop to a thread costs more than most."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

import aiosqlite

__all__ = ["Connection", "connect"]

TURN = 0.05
"""Seconds after which other tasks get their turn: signals and cancellation wait for it."""
SEVERAL = {"executemany", "executescript"}
"""What may have been done in part when it meets a lock, and cannot be tried again."""


class Connection(aiosqlite.Connection):
    """Leaves to its thread only what has to wait for somebody else's lock, perhaps another task's of this loop."""

    patience = 0.0
    """Seconds to wait for a lock."""
    turn = 0.0

    def at_once(self, statement: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Run a statement, by the shortest way, and return its rows; raise when it would have to wait for a lock."""
        return self._conn.execute(statement, parameters).fetchall()

    async def _execute(self, fn: Callable[..., Any], *args: Any, **options: Any) -> Any:
        if (now := monotonic()) > self.turn + TURN:
            self.turn = now
            await asyncio.sleep(0)
        if fn.__name__ not in SEVERAL:
            try:
                return fn(*args, **options)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
        return await super()._execute(self.patiently, fn, *args, **options)  # pyright: ignore[reportUnknownMemberType]  # aiosqlite tells no types here

    def patiently(self, fn: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Call a function that waits for locks."""
        self._conn.execute(f"PRAGMA busy_timeout={round(self.patience * 1000)}")
        try:
            return fn(*args, **options)
        finally:
            self._conn.execute("PRAGMA busy_timeout=0")


def connect(database: str, *, timeout: float, journal_mode: str | None = None, **options: Any) -> Connection:
    """Return a connection to await, as `aiosqlite.connect` does; a database that is new gets `journal_mode`."""

    def opened() -> sqlite3.Connection:
        new = not os.path.exists(database) or not os.path.getsize(database)
        driver = sqlite3.connect(database, timeout=0, **options)
        if new and journal_mode:
            with suppress(sqlite3.OperationalError):  # another process is at it, and does this too
                driver.execute(f"PRAGMA journal_mode={journal_mode}")
        return driver

    connection = Connection(opened, 64)
    connection.patience = timeout
    connection._thread.daemon = True  # pyright: ignore[reportPrivateUsage]  # as SQLAlchemy does with its own
    return connection
