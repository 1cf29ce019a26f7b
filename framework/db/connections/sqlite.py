"""SQLite as a server's database: one writer, many readers, and no statement that nobody waits for."""

from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, event

from framework.db.settings import DatabaseSettings
from framework.errors import ImproperlyConfigured

__all__ = ["prepare_sqlite"]

STEPS = 100_000
"""Instructions of SQLite between two looks at the clock: about a millisecond."""


class Deadline:
    """When the statement at work on a connection has to be done."""

    def __init__(self) -> None:
        self.at: float | None = None

    def passed(self) -> bool:
        """Tell SQLite whether to interrupt."""
        return self.at is not None and monotonic() > self.at

    async def watch(self, driver: Any) -> None:
        """Have SQLite look at the clock now and then."""
        await driver.set_progress_handler(self.passed, STEPS)


def prepare_sqlite(engine: Engine, settings: DatabaseSettings, *, read_only: bool) -> None:
    """Set up every connection of the engine, and begin, interrupt and give back as a server needs it."""
    pragmas = {
        "foreign_keys": "ON",
        "journal_mode": settings.journal_mode,
        "synchronous": settings.synchronous,
        **settings.pragmas,
    } | ({"query_only": "ON"} if read_only else {})

    @event.listens_for(engine, "do_connect")
    def _(_dialect: Any, _record: Any, args: Any, _options: Any) -> None:
        folder = Path(args[0]).parent
        if not folder.is_dir():  # SQLite would only say that it cannot open the file
            raise ImproperlyConfigured(
                f"The folder {str(folder)!r} of the SQLite database does not exist.",
                hint=f"mkdir -p {folder}    or correct DATABASE_URL.",
                code="db.refused",
            )

    @event.listens_for(engine, "connect")
    def _(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        for name, value in pragmas.items():
            cursor.execute(f"PRAGMA {name} = {value}")
        cursor.close()
        if settings.statement_timeout:
            deadline = record.info["deadline"] = Deadline()
            connection.run_async(deadline.watch)

    @event.listens_for(engine, "reset")
    def _(connection: Any, _record: Any, state: Any) -> None:
        if state.asyncio_safe and connection.driver_connection.in_transaction:
            connection.rollback()

    @event.listens_for(engine, "invalidate")
    def _(connection: Any, _record: Any, error: BaseException | None) -> None:
        # Cancelled: the thread would go on with the statement, and closing would wait for it.
        if connection is not None and error is not None and not isinstance(error, Exception):
            connection.run_async(interrupt)

    if settings.statement_timeout:
        limit_statements(engine, settings.statement_timeout)
    if not read_only:
        # Writers take the lock before they read: two that read first could not both write, and one would lose.
        event.listen(engine, "begin", begin)


def begin(connection: Connection) -> None:
    """Begin as a writer."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


async def interrupt(driver: Any) -> None:
    """Stop what the driver's thread is doing."""
    await driver.interrupt()


def limit_statements(engine: Engine, seconds: float) -> None:
    """Interrupt statements that work longer than `seconds`. A commit has no deadline."""

    @event.listens_for(engine, "before_cursor_execute")
    def _(connection: Any, *_: Any) -> None:
        connection.info["deadline"].at = monotonic() + seconds

    @event.listens_for(engine, "after_cursor_execute")
    def _(connection: Any, *_: Any) -> None:
        connection.info["deadline"].at = None

    @event.listens_for(engine, "handle_error")
    def _(context: Any) -> None:
        if context.connection is not None and not context.connection.invalidated:
            deadline = context.connection.info.get("deadline")
            if deadline is not None:
                deadline.at = None
