"""Who hears of committed changes, and how an engine is watched for them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from inspect import isawaitable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlmodel import SQLModel

from framework.db.changes.cascades import Cascades
from framework.db.changes.changes import Changes
from framework.db.changes.effects import NOTHING, Effects, effects_of, writes
from framework.db.changes.log import ChangeLog, Entry

__all__ = ["LOG", "ChangeFeed", "OnChange"]

log = logging.getLogger("framework.db")

LOG = "changes"
"""Where a connection keeps what its transaction has changed."""

type OnChange = Callable[[Changes], Awaitable[object] | object]
"""Called with what a transaction changed, once it is committed; a coroutine function is awaited."""


class ChangeFeed:
    """Tells the callbacks of one database what was committed. The engine is watched from the first callback on."""

    def __init__(self, engine: Engine, *, debug: bool = False) -> None:
        self._engine = engine
        self._debug = debug
        self._callbacks: list[OnChange] = []
        self._cascades = Cascades(SQLModel.metadata)
        self._effects: WeakKeyDictionary[Any, Effects] = WeakKeyDictionary()
        self._tasks: set[asyncio.Task[None]] = set()

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    def add(self, callback: OnChange) -> None:
        """Call `callback` after every commit that changed something."""
        if not self._callbacks:
            self._watch()
        self._callbacks.append(callback)

    def take(self, changed: ChangeLog) -> list[Entry]:
        """Return what a transaction changed and leave its log empty. It is committed."""
        if self._debug and changed.texts and not changed.touched:
            for text in changed.texts:
                log.warning(
                    "A statement written as text may have changed tables, and caches do not know which: %.200s\n"
                    "  Hint: Say so: session.touch(Post).  [db.untold-change]",
                    text,
                )
        entries = changed.entries
        changed.clear()
        return entries

    def widen(self, entries: Iterable[Entry]) -> Changes:
        """Return what changes when `entries` do."""
        return self._cascades.widen(entries)

    async def publish(self, entries: Iterable[Entry]) -> None:
        """Tell every callback. One that fails is logged and keeps nothing from the others: the data is stored."""
        changes = self.widen(entries)
        for callback in self._callbacks:
            try:
                result = callback(changes)
                if isawaitable(result):
                    await result
            except Exception:
                log.exception("A callback for changes failed after the commit: %r", callback)

    async def finish(self) -> None:
        """Wait until everything committed so far was told."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _publish_soon(self, changed: ChangeLog) -> None:
        if entries := self.take(changed):
            task = asyncio.get_running_loop().create_task(self.publish(entries))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _watch(self) -> None:
        for name, listener in (
            ("before_cursor_execute", self._before_statement),
            ("begin", self._begin),
            ("commit", self._commit),
            ("rollback", self._roll_back),
            ("handle_error", self._fail),
            ("checkin", self._give_back),
        ):
            event.listen(self._engine, name, listener)

    # `before_execute` knows the statement too, but not its compiled form, by which effects are remembered; and it
    # does not see `exec_driver_sql`.
    def _before_statement(
        self, connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        compiled = context.compiled
        if compiled is None:
            if self._debug and writes(statement):
                log_of(connection).texts.append(statement)
            return
        effects = self._effects.get(compiled)
        if effects is None:
            effects = self._effects[compiled] = effects_of(compiled.statement)
        if effects is not NOTHING:
            self._note(log_of(connection), effects, context)

    def _note(self, changed: ChangeLog, effects: Effects, context: Any) -> None:
        if effects.savepoint is not None:
            changed.savepoint(*effects.savepoint)
        if effects.text is not None and self._debug:
            changed.texts.append(effects.text)
        by_flush = "compiled_cache" in context.execution_options  # the mapper's own, which a flush uses
        changed.entries += [entry._replace(by_flush=by_flush) for entry in effects.entries]

    def _begin(self, connection: Connection) -> None:
        connection.info[LOG] = ChangeLog()

    def _commit(self, connection: Connection) -> None:
        log_of(connection).committing = True

    def _roll_back(self, connection: Connection) -> None:
        if connection.invalidated:
            return
        if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
            log_of(connection).committing = True  # there was nothing to roll back
        else:
            log_of(connection).clear()

    def _fail(self, context: ExceptionContext) -> None:
        connection = context.connection
        if connection is None or connection.invalidated:
            return
        changed = log_of(connection)
        if changed.committing and context.statement is None:
            if context.is_disconnect:  # nobody knows whether it was committed
                self._publish_soon(changed)
            changed.clear()

    def _give_back(self, dbapi_connection: Any, record: Any) -> None:
        """Tell what was committed without a session, which takes its own changes before."""
        changed: ChangeLog | None = record.info.pop(LOG, None)
        if changed is not None and changed.committing:
            self._publish_soon(changed)


def log_of(connection: Connection) -> ChangeLog:
    """Return what the transaction at hand has changed."""
    return connection.info.setdefault(LOG, ChangeLog())
