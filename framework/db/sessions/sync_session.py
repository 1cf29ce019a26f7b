"""The synchronous sessions inside `Session` and `ReadSession`, where SQLAlchemy's own work happens."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import SessionTransaction, UOWTransaction, object_session
from sqlmodel import Session as SyncSession

from framework.context import Work, works
from framework.db.changes.changes import Key, tables_behind
from framework.db.changes.feed import LOG, ChangeFeed
from framework.db.changes.log import ChangeLog, Entry
from framework.db.changes.rows import rows_written
from framework.db.connections.failures import read_only
from framework.db.sessions.hooks import Hooks
from framework.db.sessions.lean import LeanReads, Rows
from framework.errors import FrameworkError

if TYPE_CHECKING:
    from framework.db.sessions.session import UnitOfWork

__all__ = ["Reading", "Writing"]


class Scoped(SyncSession):
    """A session of one unit of work."""

    def __init__(self, bind: Any, *, work: "UnitOfWork", **options: Any) -> None:
        super().__init__(bind, **options)
        self.work = work
        self._ended = False
        self._since: float | None = None
        works.set((*(each for each in works.get() if is_at_work(each())), ref(self)))

    @property
    def ended(self) -> bool:
        """Whether its scope is over."""
        return self._ended

    @property
    def since(self) -> float | None:
        """When it began to read; `None` before and after. What it has read once it does not read again."""
        return None if self.ended else self._since

    def uncommitted(self) -> Mapping[str, frozenset[Key] | None]:
        """Return what it changed and nobody else sees yet."""
        return {}

    def begin_reading(self) -> None:
        """Note that it reads from now on."""
        if self._since is None:
            self._since = time.monotonic()

    @property
    def idle(self) -> bool:
        """Whether it holds no connection, and nothing waits to be flushed."""
        transaction = self.get_transaction()
        return transaction is None or not (transaction.connections or self.new or self.dirty or self.deleted)

    def close(self) -> None:
        """Give the connection back. The session cannot be used again."""
        self._ended = True
        super().close()

    def _autobegin_t(self, begin: bool = False) -> SessionTransaction:
        # Whatever is asked of a session passes here; a test fails when SQLAlchemy moves it.
        if self.ended:
            raise closed()
        return super()._autobegin_t(begin)


class Writing(Scoped):
    """The session inside `Session`."""

    def __init__(self, bind: Any, **options: Any) -> None:
        super().__init__(bind, **options)
        self.hooks = Hooks()
        self.changes = ChangeLog()
        self.feed: ChangeFeed | None = None
        """Who hears of the changes; `None` when nobody does."""
        self.begun = False
        """Whether a transaction was ever begun."""

    @property
    def idle(self) -> bool:
        """Whether it holds no connection, and nothing waits to be flushed, called or told."""
        return super().idle and not self.hooks and not self.changes

    def uncommitted(self) -> Mapping[str, frozenset[Key] | None]:
        """Return what it changed, also what waits to be flushed. Only known where somebody hears of changes."""
        waiting = [*self.new, *self.dirty, *self.deleted]
        if self.feed is None or not (self.changes or waiting):
            return {}
        tables = {table.fullname for each in waiting for table in tables_behind(type(each))}
        return self.feed.widen([*self.changes.entries, *(Entry(table, "delete") for table in tables)]).tables


def is_at_work(work: Work | None) -> bool:
    return work is not None and not work.ended


@event.listens_for(Scoped, "after_begin", propagate=True)
def _(session: Scoped, *_: Any) -> None:
    session.begin_reading()


def reading(method: Callable[..., Any]) -> Any:
    """Return the session's `method` as `Reading` has it."""

    def read(self: "Reading", *args: Any, **options: Any) -> Any:
        return self._read(method, args, options)  # pyright: ignore[reportPrivateUsage]  # becomes a method of the class

    return read


class Reading(Scoped):
    """The session inside `ReadSession`."""

    def __init__(self, bind: Any, **options: Any) -> None:
        super().__init__(bind, autoflush=False, join_transaction_mode="rollback_only", **options)
        self.lean: LeanReads | None = None
        """How `fetch` reads; the ordinary way, when left out."""
        self.lent: list[object] = []
        """Objects made of rows that `fetch` returned. Whoever wants one gives it to a `Session`."""
        self._depth = 0
        """How many reads are under way; a snapshot counts as one."""

    execute = reading(SyncSession.execute)  # pyright: ignore[reportDeprecated]  # for what `exec` cannot type
    exec = reading(SyncSession.exec)
    scalar = reading(SyncSession.scalar)
    scalars = reading(SyncSession.scalars)
    get = reading(SyncSession.get)
    get_one = reading(SyncSession.get_one)

    def refresh(self, instance: object, *args: Any, **options: Any) -> None:
        """Read the attributes of `instance` again."""
        if (writing := self.work.writing) is not None and instance in self:
            # Read before the writing began: it stays this session's object and sees the other's changes.
            writing.flush()
            SyncSession.refresh(self, instance, *args, **options)
            self._release()
        else:
            self._read(SyncSession.refresh, (instance, *args), options)

    def get_bind(self, *args: Any, **options: Any) -> Engine | Connection:
        """Return the reading engine, or the connection of the scope's writing session."""
        if (writing := self.work.writing) is not None:
            return writing.connection()
        return super().get_bind(*args, **options)

    def fetch(self, statement: Any, values: Mapping[str, Any]) -> Rows:
        """Return the rows of a statement, read by a connection that no object of this session knows."""
        if self.ended:
            raise closed()
        self._refuse((statement,), {})
        if (writing := self.work.writing) is not None:
            return writing.connection().execute(statement, values).all()
        if self._depth or self.lean is None:  # a snapshot has one connection
            return self.execute(statement, values).all()  # pyright: ignore[reportDeprecated]  # no model
        self.begin_reading()
        return self.lean.rows(statement, values)

    def _read(self, method: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if self.ended:
            raise closed()
        self._refuse(args, options)
        if (writing := self.work.writing) is not None:
            return method(writing, *args, **options)
        self._depth += 1
        try:
            return method(self, *args, **options)
        finally:
            self._depth -= 1
            self._release()

    def _refuse(self, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        locks = any(getattr(value, "_for_update_arg", None) is not None for value in (*args, *options.values()))
        if locks or options.get("with_for_update"):
            raise needs_session("lock rows (FOR UPDATE)")
        streams = options.get("execution_options", {}).get("stream_results")
        if streams and not self._depth and self.work.writing is None:
            raise FrameworkError(
                "A ReadSession holds no connection between two rows, so it cannot stream.",
                hint="Stream within `async with session.snapshot():`.",
                code="db.stream",
            )

    def open_snapshot(self) -> None:
        """Hold a connection and one state of the database until `close_snapshot`."""
        self._depth += 1
        if self.work.writing is not None or self._depth > 1:
            return
        if self.get_bind().dialect.name == "sqlite":
            self.connection().exec_driver_sql("BEGIN")
        else:
            self.connection(execution_options={"isolation_level": "REPEATABLE READ"})

    def close_snapshot(self) -> None:
        """Give the connection back."""
        self._depth -= 1
        self._release()

    def _release(self) -> None:
        # Closed, not rolled back: that would expire every object read so far.
        if not self._depth and (transaction := self.get_transaction()) is not None:
            transaction.close()

    def refuse_changes(self) -> None:
        """Raise when an object read here was changed: nothing would store it."""
        for instance in (*self.dirty, *(each for each in self.lent if object_session(each) is None)):
            if self.is_modified(instance):
                raise FrameworkError(
                    f"A {type(instance).__name__} read through a ReadSession was changed; nothing would store that.",
                    hint="Read it through `Session` to change it.",
                    code="db.read-only",
                )

    def _refuse_to_write(self, *_: Any, **__: Any) -> Any:
        raise read_only()

    add = add_all = delete = delete_all = merge = merge_all = flush = _refuse_to_write

    def _refuse_to_begin(self, *_: Any, **__: Any) -> Any:
        raise needs_session("begin, commit or open a savepoint")

    begin = begin_nested = commit = _refuse_to_begin


def needs_session(what: str) -> FrameworkError:
    """Return the error for what only a transaction can do."""
    return FrameworkError(
        f"A ReadSession has no transaction, so it cannot {what}.",
        hint="Ask for `Session`; to read one state of the database, `async with session.snapshot():`.",
        code="db.read-only",
    )


def closed() -> FrameworkError:
    """Return the error for a session that outlived its scope."""
    return FrameworkError(
        "This session was closed with its scope: the unit of work has ended.",
        hint="A stream or a background task opens one of its own: `async with project.scope() as scope:`.",
        code="db.session-closed",
    )


@event.listens_for(Writing, "after_transaction_create")
def _(session: Writing, transaction: SessionTransaction) -> None:
    session.begun = True
    session.hooks.begun(transaction)


@event.listens_for(Writing, "after_begin")
def _(session: Writing, transaction: SessionTransaction, connection: Connection) -> None:
    if session.feed is not None:
        connection.info[LOG] = session.changes


@event.listens_for(Writing, "before_flush")
def _(session: Writing, *_: Any) -> None:
    session.changes.begin_flush()


@event.listens_for(Writing, "after_flush")
def _(session: Writing, flush: UOWTransaction) -> None:
    if session.changes:
        session.changes.end_flush(rows_written(flush))


@event.listens_for(Writing, "after_commit")
def _(session: Writing) -> None:
    savepoint = session.get_nested_transaction()
    session.hooks.committed(savepoint)
    if savepoint is None and session.feed is not None and session.changes:
        session.hooks.put_first(partial(session.feed.publish, session.feed.take(session.changes)))


@event.listens_for(Writing, "after_transaction_end")
def _(session: Writing, transaction: SessionTransaction) -> None:
    session.hooks.ended(transaction)
    if not transaction.nested and transaction.parent is None:
        session.changes.clear()
