"""Work that a cancellation must not stop half-way: a commit, a rollback, giving a connection back."""

import asyncio
from collections.abc import Coroutine
from typing import Any

__all__ = ["to_the_end"]


async def to_the_end[T](work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end, whatever cancels the caller meanwhile; a cancellation goes on afterwards.

    The work runs in a task of its own, so that neither `Task.cancel()` nor a cancel scope around the caller reaches it.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if not task.done():
                cancelled = error
        except Exception:  # read from the task below
            break
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # seen: the cancellation is what the caller hears of
        raise cancelled
    return task.result()
