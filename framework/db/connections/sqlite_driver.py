"""aiosqlite, asked once for each statement.

SQLite is asked in a thread of its own. SQLAlchemy's adapter goes there to make a cursor, to execute, to fetch and to
close, and each way there and back costs more than SQLite takes to read a row. Here all four are one way.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, cast

import aiosqlite
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_cursor
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_dbapi
from sqlalchemy.util import await_only

__all__ = ["driver"]


class Outcome:
    """What a statement left behind."""

    __slots__ = ("description", "lastrowid", "rowcount", "rows")

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self.rows: deque[Any] = deque(cursor.fetchall() if cursor.description else ())
        self.description = cursor.description
        self.rowcount = cursor.rowcount  # known once all rows were fetched
        self.lastrowid = cursor.lastrowid


class Cursor(AsyncAdapt_dbapi_cursor):
    """A cursor that the thread knows for as long as a statement takes."""

    __slots__ = ("_size", "_told")

    def __init__(self, adapt_connection: AsyncAdapt_aiosqlite_connection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection.driver_connection
        self._rows = deque()
        self._told: Outcome | None = None
        self._size = 1

    @property
    def description(self) -> Any:
        """The columns of the result."""
        return self._told.description if self._told is not None else None

    @property
    def rowcount(self) -> int:
        """How many rows were changed; -1 where nobody knows."""
        return self._told.rowcount if self._told is not None else -1

    @property
    def lastrowid(self) -> Any:
        """The number of the row that was inserted last."""
        return self._told.lastrowid if self._told is not None else None

    @property
    def arraysize(self) -> int:
        """How many rows `fetchmany` returns when nobody says."""
        return self._size

    @arraysize.setter
    def arraysize(self, value: int) -> None:
        self._size = value

    def execute(self, operation: Any, parameters: Any = None) -> Any:
        """Execute a statement and fetch its rows."""
        return self._ask(lambda cursor: cursor.execute(operation, parameters or ()))

    def executemany(self, operation: Any, seq_of_parameters: Sequence[Any]) -> Any:
        """Execute a statement for each of the parameters."""
        return self._ask(lambda cursor: cursor.executemany(operation, seq_of_parameters))

    def _ask(self, execute: Callable[[sqlite3.Cursor], Any]) -> None:
        try:
            await_only(self._asked(execute))
        except Exception as error:
            self._adapt_connection._handle_exception(error)  # pyright: ignore[reportPrivateUsage]  # as SQLAlchemy's does

    async def _asked(self, execute: Callable[[sqlite3.Cursor], Any]) -> None:
        driver, mutex = cast("Any", self._connection), cast("Any", self._adapt_connection)._execute_mutex
        async with mutex:
            told: Outcome = await driver._execute(outcome_of, driver._conn, execute)
        self._told, self._rows = told, told.rows

    async def _async_soft_close(self) -> None:
        """Do nothing: the thread has closed its cursor."""

    def close(self) -> None:
        """Forget the rows."""
        self._rows.clear()


def outcome_of(connection: sqlite3.Connection, execute: Callable[[sqlite3.Cursor], Any]) -> Outcome:
    """Execute a statement; in the thread."""
    cursor = connection.cursor()
    try:
        execute(cursor)
        return Outcome(cursor)
    finally:
        cursor.close()


class AdaptedConnection(AsyncAdapt_aiosqlite_connection):
    """A connection with such cursors. Those that stream are SQLAlchemy's."""

    __slots__ = ()
    _cursor_cls = Cursor


class Driver(AsyncAdapt_aiosqlite_dbapi):
    """The driver, as SQLAlchemy sees it."""

    def connect(self, *arg: Any, **kw: Any) -> AdaptedConnection:
        """Open a connection."""
        return AdaptedConnection(self, super().connect(*arg, **kw).driver_connection)


def driver() -> Driver:
    """Return what `create_async_engine` takes as `module`."""
    return Driver(aiosqlite, sqlite3)
