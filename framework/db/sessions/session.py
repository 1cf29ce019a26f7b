"""`Session`, which writes, and `ReadSession`, which cannot: SQLAlchemy's `AsyncSession` under the rules of a scope."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, cast

from sqlalchemy import Executable, Result, inspect, util
from sqlalchemy.exc import PendingRollbackError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSessionTransaction
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from framework.db.changes.changes import tables_behind
from framework.db.changes.feed import ChangeFeed
from framework.db.changes.log import Entry
from framework.db.connections.shielded import to_the_end
from framework.db.connections.transactions import failed
from framework.db.sessions.hooks import Hook
from framework.db.sessions.lean import LeanReads, Rows
from framework.db.sessions.sync_session import Reading, Writing

__all__ = ["ReadSession", "Session", "UnitOfWork"]

log = logging.getLogger("framework.db")

ROLLBACK_SECONDS = 10.0


class UnitOfWork:
    """What the sessions of one scope know of each other."""

    def __init__(self) -> None:
        self.session: Session | None = None

    @property
    def writing(self) -> Writing | None:
        """The scope's writing session, once it has begun."""
        return self.session.sync_session if self.session is not None and self.session.sync_session.begun else None


class ReadSession(AsyncSession):
    """Reads, through connections that the database holds read-only and in autocommit.

    Each result gives its connection back at once, and there is no transaction: one statement does not see what the
    one before saw. Where that matters, `async with session.snapshot():` holds one. Once the scope's `Session` has
    begun, reads go through it and see its changes. Writing, savepoints, `FOR UPDATE` and, outside a snapshot,
    server-side cursors are errors.
    """

    sync_session: Reading  # pyright: ignore[reportIncompatibleVariableOverride]  # narrower, and never assigned

    def __init__(self, engine: AsyncEngine, work: UnitOfWork, *, lean: LeanReads | None = None) -> None:
        self._open(engine, Reading, work)
        self.sync_session.lean = lean

    def _open(self, engine: AsyncEngine, kind: type[Reading | Writing], work: UnitOfWork) -> None:
        # A closed session stays closed: by default it would open again, silently, and nobody would commit.
        AsyncSession.__init__(
            self, engine, sync_session_class=kind, work=work, expire_on_commit=False, close_resets_only=False
        )

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[Self]:
        """Read one state of the database until the block ends, whatever others commit meanwhile.

        Keep it short: it holds a connection. Once the scope's `Session` has begun, its transaction is the snapshot.
        """
        try:
            await self.run_sync(lambda session: cast("Reading", session).open_snapshot())
            yield self
        finally:
            await guarded(self.run_sync(lambda session: cast("Reading", session).close_snapshot()), self)

    async def execute(  # sqlmodel's warns that `exec` is better typed; for text and bulk statements it is not
        self,
        statement: Executable,
        params: Any = None,
        *,
        execution_options: Mapping[str, Any] = util.EMPTY_DICT,
        bind_arguments: dict[str, Any] | None = None,
        **options: Any,
    ) -> Result[*tuple[Any, ...]]:
        """Execute any statement; `exec` is the better typed one for `select`."""
        return await super(AsyncSession, self).execute(
            statement, params, execution_options=execution_options, bind_arguments=bind_arguments, **options
        )

    @property
    def sees_uncommitted(self) -> bool:
        """Whether the scope's `Session` has begun, so that what is read here may never be committed."""
        return self.sync_session.work.writing is not None

    async def fetch(self, statement: Executable, values: Mapping[str, Any] = util.EMPTY_DICT) -> Rows:
        """Return all rows of a statement of columns, at a fraction of the cost of `exec`: for what every request reads.

        Make the statement once, of columns of tables (`select(*Post.__table__.c)`), with a `bindparam` for each value.
        """
        return await self.run_sync(lambda session: cast("Reading", session).fetch(statement, values))

    def lend(self, row: SQLModel) -> None:
        """Answer for a row made of what `fetch` returned: to change it is an error, as if it was read here.

        Unless a `Session` has it, by `session.add(row)` or through a relationship: that stores the changes.
        """
        self.sync_session.lent.append(row)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the session. Changes made to its objects would be lost, so at a clean end they are an error."""
        try:
            if kind is None:
                self.sync_session.refuse_changes()
        finally:
            if self.sync_session.idle:
                self.sync_session.close()  # without a connection, there is nothing to wait for
            else:
                await guarded(self.close(), self)


class Session(ReadSession):
    """Reads and writes in one transaction, begun by the first statement.

    A clean end of its scope commits; an exception or a cancellation rolls back. Reading an attribute never does I/O:
    nothing expires on commit. `async with session.begin_nested():` is a savepoint.
    """

    sync_session: Writing  # pyright: ignore[reportIncompatibleVariableOverride]  # narrower, and never assigned

    def __init__(self, engine: AsyncEngine, work: UnitOfWork | None = None, *, feed: ChangeFeed | None = None) -> None:
        work = work or UnitOfWork()
        self._open(engine, Writing, work)
        self.sync_session.feed = feed
        work.session = self

    def touch(self, *what: type[SQLModel] | SQLModel) -> None:
        """Say that this transaction changes rows nobody sees it change: all of a model, or the ones given.

        For statements written as text, and for functions and triggers of the database. Told after the commit, like
        the changes that were seen, and never if it or the savepoint at hand is rolled back.
        """
        if not self.sync_session.in_transaction():
            self.sync_session.begin()
        changes = self.sync_session.changes
        changes.touched = True
        for each in what:
            model = each if isinstance(each, type) else type(each)
            key = None if each is model else tuple(inspect(model).mapper.primary_key_from_instance(each))
            changes.entries += [Entry(table.fullname, "delete", key) for table in tables_behind(model)]

    def on_commit(self, hook: Hook) -> None:
        """Call `hook` once this transaction is committed, and never if it or the savepoint at hand is rolled back.

        Hooks run in order, after the connection went back to its pool; one that needs the database opens a scope of
        its own. One that fails is logged: what was stored stays stored.
        """
        self.sync_session.hooks.add(hook)

    async def commit(self) -> None:
        """Commit, then call the hooks. A commit under way is not cancelled: it ends first."""
        await guarded(self._commit(), self)

    async def rollback(self) -> None:
        """Roll back, also when cancelled meanwhile."""
        await guarded(super().rollback(), self)

    def begin(self) -> AsyncSessionTransaction:
        """Begin now, instead of with the first statement: `async with session.begin():` commits at its end."""
        return Transaction(self)

    async def fetch(self, statement: Executable, values: Mapping[str, Any] = util.EMPTY_DICT) -> Rows:
        """Return all rows of a statement, read within the transaction at hand."""
        return (await self.execute(statement, values)).all()

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[Self]:
        """Read within the transaction at hand."""
        yield self

    async def _commit(self) -> None:
        try:
            await super().commit()
        except PendingRollbackError as error:
            raise failed() from error
        await self.sync_session.hooks.run()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit at a clean end, else roll back; close either way."""
        await guarded(self._end() if kind is None else self._abandon(), self)

    async def _end(self) -> None:
        try:
            if self.in_transaction():
                await super().commit()
            else:  # nothing was asked of the database since the last commit
                self.sync_session.hooks.committed(None)
        except PendingRollbackError as error:
            raise failed() from error
        finally:
            await self._abandon()
        await self.sync_session.hooks.run()

    async def _abandon(self) -> None:
        try:
            async with asyncio.timeout(ROLLBACK_SECONDS):
                await self.close()
        except Exception:  # the connection is gone, and with it the transaction; what went wrong before counts
            log.warning("A transaction could not be rolled back", exc_info=True)


class Transaction(AsyncSessionTransaction):
    """`session.begin()`: the hooks run after its commit."""

    __slots__ = ()

    session: Session  # pyright: ignore[reportIncompatibleVariableOverride]  # narrower, and never assigned

    async def commit(self) -> None:
        await guarded(self._with_hooks(super().commit()), self.session)

    async def __aexit__(self, type_: Any, value: Any, traceback: Any) -> None:
        await guarded(self._with_hooks(super().__aexit__(type_, value, traceback)), self.session)

    async def _with_hooks(self, end: Coroutine[Any, Any, None]) -> None:
        await end
        await self.session.sync_session.hooks.run()


async def guarded(work: Coroutine[Any, Any, None], session: ReadSession) -> None:
    """Await `work`; in a way no cancellation can stop when the session has something to give back."""
    if session.sync_session.idle:
        await work
    else:
        await to_the_end(work)
