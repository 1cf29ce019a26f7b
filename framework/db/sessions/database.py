"""The database of one project: its engines, and the sessions made on them."""

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from framework.db.changes.feed import ChangeFeed, OnChange
from framework.db.connections.engine import open_engine
from framework.db.guards import guards
from framework.db.sessions.lean import LeanReads
from framework.db.sessions.session import ReadSession, Session, UnitOfWork
from framework.db.settings import DatabaseSettings
from framework.db.url import DatabaseURL

__all__ = ["Database", "open_read_session", "open_session"]


class Database:
    """The database of one project. Nothing is connected before the first statement."""

    def __init__(self, settings: DatabaseSettings, root: Path, *, debug: bool = False) -> None:
        self.url = DatabaseURL.parse(settings.url, root=root)
        read_url = DatabaseURL.parse(settings.read_url, root=root) if settings.read_url else self.url
        for guard in guards:
            guard(self.url)
            guard(read_url)
        self.engine: AsyncEngine = open_engine(self.url, settings)
        """Where `Session` writes."""
        self.read_engine: AsyncEngine = open_engine(read_url, settings, read_only=True)
        """Where `ReadSession` reads; a replica's, when `read_url` names one."""
        self._lean = LeanReads(self.read_engine.sync_engine)
        self._feed = ChangeFeed(self.engine.sync_engine, debug=debug)

    def session(self, work: UnitOfWork | None = None) -> Session:
        """Return a session for `async with`: a clean end commits, an exception or a cancellation rolls back."""
        return Session(self.engine, work, feed=self._feed if self._feed else None)

    def read_session(self, work: UnitOfWork | None = None) -> ReadSession:
        """Return a session for `async with` that only reads."""
        return ReadSession(self.read_engine, work or UnitOfWork(), lean=self._lean)

    def on_change(self, callback: OnChange) -> None:
        """Call `callback` with the `Changes` of every transaction that is committed on this database's engine.

        Flushes, bulk and Core statements and those in CTEs are seen, and what the database changes along: ON DELETE,
        ON UPDATE, and both ends of a link table. Statements written as text are not: `session.touch(Post)`. A
        session's commit returns when the callbacks are done, before its hooks; a bare connection's does not wait.
        What fails is logged. Changes made by other processes are not seen.
        """
        self._feed.add(callback)

    async def ping(self) -> None:
        """Ask the database that is written to; raises when it does not answer."""
        # On SQLite the one writer may be at work, which is no illness.
        await answer(self.read_engine if self.url.backend == "sqlite" else self.engine)

    async def ping_replica(self) -> None:
        """Ask the database that is read from; raises when it does not answer."""
        await answer(self.read_engine)

    async def dispose(self) -> None:
        """Close the idle connections. The database can be used again, also in another event loop."""
        await self._feed.finish()
        await self.read_engine.dispose()
        await self.engine.dispose()  # the last: SQLite then empties its log into the file


def open_session(database: Database, work: UnitOfWork) -> Session:
    """Return the session of a scope."""
    return database.session(work)


def open_read_session(database: Database, work: UnitOfWork) -> ReadSession:
    """Return the reading session of a scope."""
    return database.read_session(work)


async def answer(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
