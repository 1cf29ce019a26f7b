"""Connection pools that answer instead of hanging, and the one of SQLite that lets a single writer in."""

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import exc
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, PoolProxiedConnection

from framework.db.connections.failures import is_gone
from framework.errors import FrameworkError, Unavailable

__all__ = ["Pool", "WriterPool"]

MOST_WAITING = 1000
RETRY_AFTER = 1.0


class Pool(AsyncAdaptedQueuePool):
    """Hands out connections; a caller that cannot have one is told so by `Unavailable`."""

    advice = "Look for work that keeps a session open while it waits for something else, or raise database.pool_size."

    def __init__(self, creator: Callable[[], Any], **options: Any) -> None:
        super().__init__(creator, **options)
        self.waiting = 0

    def connect(self) -> PoolProxiedConnection:
        """Return a connection, or raise `Unavailable` when none is free in time or the server does not answer."""
        if self.waiting >= MOST_WAITING:
            raise self.exhausted(f"{MOST_WAITING} callers wait for one already")
        self.waiting += 1
        try:
            return super().connect()
        except exc.TimeoutError as error:
            raise self.exhausted(f"none became free within {self.timeout():g} s") from error
        except Exception as error:
            if not isinstance(error, (OSError, TimeoutError)) and not is_gone(error):
                raise
            raise Unavailable(
                "database",
                retry_after=RETRY_AFTER,
                detail="The database cannot be reached.",
                hint=f"Is it running, and is DATABASE_URL right? {error}",
                code="db.unreachable",
            ) from error
        finally:
            self.waiting -= 1

    def exhausted(self, why: str) -> Unavailable:
        """Return the error for a caller that gets no connection."""
        hint = f"{self.in_use()}, and {why}. {self.advice}"
        return Unavailable(
            "database", retry_after=RETRY_AFTER, detail="The database is busy.", hint=hint, code="db.exhausted"
        )

    def in_use(self) -> str:
        """Say who has the connections."""
        return f"All {self.size() + max(self._max_overflow, 0)} connections of the pool are in use"


class WriterPool(Pool):
    """One connection: SQLite has one writer at a time, so writers queue here instead of failing in the database."""

    advice = "Look for a Session that is open while it waits, for a task of its own scope perhaps; or use PostgreSQL."

    def __init__(self, creator: Callable[[], Any], **options: Any) -> None:
        super().__init__(creator, **options)
        self.holder: asyncio.Task[Any] | None = None
        """The task that is writing."""

    def connect(self) -> PoolProxiedConnection:
        """Return the connection when the writers before are done. Raises at once if this task holds it already."""
        task = asyncio.current_task()
        if task is not None and task is self.holder:
            raise FrameworkError(
                "A second Session began to write inside the first one's transaction; on SQLite it would wait for ever.",
                hint="Commit the first before, write through the first, or open the second scope after it ends.",
                code="db.nested-write",
            )
        connection = super().connect()
        self.holder = task
        return connection

    def in_use(self) -> str:
        """Say who has the connection."""
        return "SQLite has one writer, which is at work"

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        self.holder = None
        super()._do_return_conn(record)
