"""SQLite's driver for migrations: statements run where they are sent, for a hop to a thread costs more than most."""

import asyncio
import sqlite3
from collections.abc import Callable
from time import monotonic
from typing import Any

import aiosqlite

__all__ = ["connect"]

TURN = 0.05
"""Seconds after which other tasks get their turn: signals and cancellation wait for it."""


class Connection(aiosqlite.Connection):
    """Leaves to its thread only what has to wait for somebody else's lock, perhaps another task's of this loop."""

    patience = 0.0
    """Seconds to wait for a lock."""
    turn = 0.0

    async def _execute(self, fn: Callable[..., Any], *args: Any, **options: Any) -> Any:
        if (now := monotonic()) > self.turn + TURN:
            self.turn = now
            await asyncio.sleep(0)
        if fn.__name__ != "commit" and args[:1] != ("BEGIN IMMEDIATE",):
            return fn(*args, **options)
        self._conn.execute("PRAGMA busy_timeout=0")
        try:
            return fn(*args, **options)
        except sqlite3.OperationalError:
            pass  # most likely locked
        finally:
            self._conn.execute(f"PRAGMA busy_timeout={round(self.patience * 1000)}")
        return await super()._execute(fn, *args, **options)  # pyright: ignore[reportUnknownMemberType]  # aiosqlite tells no types here


def connect(database: str, *, timeout: float, **options: Any) -> Connection:
    """Return a connection to await, as `aiosqlite.connect` does."""
    connection = Connection(lambda: sqlite3.connect(database, timeout=timeout, **options), 64)
    connection.patience = timeout
    connection._thread.daemon = True  # pyright: ignore[reportPrivateUsage]  # as SQLAlchemy does with its own
    return connection
