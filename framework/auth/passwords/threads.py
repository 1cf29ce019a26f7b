"""A few threads of one project's own for slow work, and as many callers as may wait for them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from framework.errors import Unavailable

__all__ = ["Threads"]


class Threads:
    """Runs functions in a few threads, which start when they are needed and end with `close()`.

    A caller that is cancelled gives its place up. Used again after `close()`, it starts new threads.
    """

    def __init__(self, workers: int, max_waiting: int) -> None:
        self._workers = workers
        self._limit = workers + max_waiting
        self._callers = 0
        self._executor: ThreadPoolExecutor | None = None

    async def run[T](self, function: Callable[[], T]) -> T:
        """Return what `function` returns. Raises `Unavailable` when too many wait already."""
        if self._callers >= self._limit:
            raise Unavailable("passwords", retry_after=1, detail="Too many logins at once.", code="auth.busy")
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._workers, thread_name_prefix="passwords")
        self._callers += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, function)
        finally:
            self._callers -= 1

    async def close(self) -> None:
        """Drop what waits, and end the threads once what they are at is done."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)
            await asyncio.to_thread(executor.shutdown)
