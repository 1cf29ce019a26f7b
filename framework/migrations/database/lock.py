"""The lock of a run: of several processes that migrate one database, one works and the others wait or leave.

It belongs to the operating system or to the server's session, never to a row, so it ends with the process that holds
it, however that ends.
"""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from framework.errors import CommandError

__all__ = ["KEY", "Locked", "run_lock"]

KEY = 0x6D696772  # "migr": the key of PostgreSQL's advisory lock
SHORTEST, LONGEST = 0.05, 1.0
"""Seconds between two looks at a lock that another holds."""

type Tell = Callable[[str], None]


class Locked(CommandError):
    """Another process migrates this database, and this one was not to wait."""

    code = "migrations.locked"

    def __init__(self, holder: str) -> None:
        super().__init__(
            f"Another process is migrating this database ({holder}); nothing was done here.",
            hint="Run migrate again later, or without --no-wait.",
            exit_code=75,  # sysexits.h: try again later
        )


@asynccontextmanager
async def run_lock(connection: AsyncConnection, *, wait: bool, tell: Tell) -> AsyncGenerator[None]:
    """Hold the lock of the database that `connection` leads to; `connection` is in no transaction before and after.

    Raises `Locked` when another holds it and `wait` is false.
    """
    lock = SessionLock(connection) if connection.dialect.name == "postgresql" else FileLock(connection)
    pause, told = SHORTEST, False
    while not await lock.take():
        holder = await lock.holder()
        if not wait:
            raise Locked(holder)
        if not told:
            tell(f"Another process is migrating this database ({holder}); waiting for it.")
            told = True
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST)
    try:
        yield
    finally:
        await lock.release()


def who() -> str:
    """Return what others read about this process while it holds the lock."""
    return f"migrate on {socket.gethostname()[:30]}, pid {os.getpid()}"


class SessionLock:
    """An advisory lock of the very session that migrates: it cannot outlive the work, nor the work it.

    On a connection of its own it would be free as soon as a killed process's socket closes, while the server is still
    busy with that process's last statement.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection

    async def take(self) -> bool:
        """Take the lock if it is free.

        Whoever waits must look again and again, without a transaction: one that slept in `pg_advisory_lock()` would
        hold a snapshot, for whose end `CREATE INDEX CONCURRENTLY` of the working process waits.
        """
        async with self.connection.begin():
            taken = bool(await self.connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": KEY}))
            if taken:
                await self.connection.execute(
                    text("SELECT set_config('application_name', :who, false)"), {"who": who()}
                )
        if taken:
            await self.notice_a_lost_client()
        return taken

    async def notice_a_lost_client(self) -> None:
        """Let the server look for this process now and then, also during a statement that takes hours."""
        for name, value in (("client_connection_check_interval", "2s"), ("tcp_keepalives_idle", "30")):
            # A server on another system than Linux may not be able to; it then notices at the end of the statement.
            with suppress(DBAPIError):
                async with self.connection.begin():
                    statement = text("SELECT set_config(:name, :value, false)")
                    await self.connection.execute(statement, {"name": name, "value": value})

    async def holder(self) -> str:
        """Return who holds the lock."""
        statement = text(
            "SELECT a.application_name, a.client_addr::text, a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = :key "
            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        async with self.connection.begin():
            row = (await self.connection.execute(statement, {"key": KEY})).first()
        if row is None:
            return "just leaving"
        return f"{row.application_name or 'unknown'}, from {row.client_addr or 'a socket'}, server process {row.pid}"

    async def release(self) -> None:
        """Let the next one in."""
        # When the session is gone, so is the lock.
        with suppress(DBAPIError):
            await self.connection.rollback()
            async with self.connection.begin():
                await self.connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": KEY})


class FileLock:
    """A lock of the operating system on a file beside the database, which is gone again after the run."""

    def __init__(self, connection: AsyncConnection) -> None:
        database = Path(str(connection.engine.url.database))
        self.path = database.with_name(f"{database.name}-migrating")
        self.descriptor: int | None = None

    async def take(self) -> bool:
        """Take the lock if it is free."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        # Its former holder may have removed the file since it was opened: a lock on that one keeps nobody out.
        if not (lock_file(descriptor) and self.is_current(descriptor)):
            os.close(descriptor)
            return False
        os.truncate(descriptor, 0)
        os.write(descriptor, who().encode())
        self.descriptor = descriptor
        return True

    def is_current(self, descriptor: int) -> bool:
        """Tell whether the open file is the one of that name."""
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        return False

    async def holder(self) -> str:
        """Return who holds the lock."""
        with suppress(OSError):
            return self.path.read_text() or "just beginning"
        return "just leaving"

    async def release(self) -> None:
        """Let the next one in."""
        assert self.descriptor is not None
        # Windows removes no open file; there it stays, and does no harm.
        with suppress(OSError):
            self.path.unlink()
        os.close(self.descriptor)


def lock_file(descriptor: int) -> bool:
    """Lock an open file, for as long as it is open; return False when another has."""
    try:
        import fcntl
    except ImportError:
        return lock_on_windows(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def lock_on_windows(descriptor: int) -> bool:
    """Do the same on Windows, where a byte far behind the text is locked, so that others can read it."""
    import importlib
    from typing import Any

    msvcrt: Any = importlib.import_module("msvcrt")
    os.lseek(descriptor, 1 << 20, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    os.lseek(descriptor, 0, os.SEEK_SET)
    return True
