"""Work that a cancellation must not stop half-way: a commit, a rollback, giving a connection back."""

import asyncio
from collections.abc import Coroutine
from typing import Any

__all__ = ["to_the_end"]

GRACE_SECONDS = 20.0


async def to_the_end[T](work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end, whatever cancels the caller meanwhile; a cancellation goes on afterwards.

    The work runs in a task of its own, so that neither `Task.cancel()` nor a cancel scope around the caller reaches it.
    A cancelled caller waits for it, but not for ever: work that hangs is cancelled after all.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.Task(work, loop=loop, eager_start=True)
    cancelled: asyncio.CancelledError | None = None
    end: float | None = None
    while not task.done():
        try:
            await asyncio.wait((task,), timeout=None if end is None else max(0, end - loop.time()))
        except asyncio.CancelledError as error:
            cancelled = error
            end = end or loop.time() + GRACE_SECONDS
        if end is not None and loop.time() >= end:
            task.cancel()
            end = loop.time() + GRACE_SECONDS
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # seen: the cancellation is what the caller hears of
    raise cancelled
