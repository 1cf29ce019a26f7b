"""What is to happen once a transaction is committed, and never if it is not."""

import logging
from collections.abc import Awaitable, Callable
from inspect import isawaitable

from sqlalchemy.orm import SessionTransaction

__all__ = ["Hook", "Hooks"]

log = logging.getLogger("framework.db")

type Hook = Callable[[], Awaitable[object] | object]
"""Called without arguments after a commit; a coroutine function is awaited."""


class Hooks:
    """The hooks of one session, in the order they were registered."""

    def __init__(self) -> None:
        self._waiting: list[Hook] = []
        self._due: list[Hook] = []
        # Where each savepoint began: rolling back to it drops all that came later, those of released ones inside too.
        self._marks: dict[SessionTransaction, int] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting or self._due)

    def add(self, hook: Hook) -> None:
        """Call `hook` after the commit."""
        self._waiting.append(hook)

    def put_first(self, hook: Hook) -> None:
        """Call `hook` before all others that are due: it is committed already."""
        self._due.insert(0, hook)

    def begun(self, transaction: SessionTransaction) -> None:
        """Note that a transaction or a savepoint begins."""
        if transaction.nested:
            self._marks[transaction] = len(self._waiting)

    def committed(self, savepoint: SessionTransaction | None) -> None:
        """Make what was registered due; or keep what was registered since `savepoint` began, for the commit."""
        if savepoint is not None:
            self._marks.pop(savepoint, None)
        else:
            self._due += self._waiting
            self._waiting.clear()

    def ended(self, transaction: SessionTransaction) -> None:
        """Drop what was registered since `transaction` began, unless it was committed before it ended."""
        if not transaction.nested and transaction.parent is None:
            self._waiting.clear()
        elif (mark := self._marks.pop(transaction, None)) is not None:
            del self._waiting[mark:]

    async def run(self) -> None:
        """Call what is due. One that fails is logged and keeps none of the others back: the data is stored."""
        while self._due:
            hook = self._due.pop(0)
            try:
                result = hook()
                if isawaitable(result):
                    await result
            except Exception:
                log.exception("A hook failed after the commit: %r", hook)
