"""A few threads of one project's own for slow work, and as many callers as may wait for them."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from framework.errors import Unavailable

__all__ = ["Threads"]

AHEAD = 4
"""Callers that are let in before a thread is free for them."""


class Threads:
    """Runs functions in a few threads, which start when they are needed and end with `close()`.

    A caller that is cancelled gives its place up. Used again after `close()`, it starts new threads.
    """

    def __init__(self, workers: int, max_waiting: int) -> None:
        self._workers = workers
        self._limit = workers + max_waiting
        self._callers = self._queued = 0
        self._executor: ThreadPoolExecutor | None = None
        self._turns: tuple[asyncio.AbstractEventLoop, asyncio.Semaphore] | None = None

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Let only as many callers in at a time as keep the threads busy; the others wait, in order.

        What they do besides is then done for a few at a time, and leaves the loop and the database to others. Nobody
        may wait here for what a caller before the door holds. Raises `Unavailable` when too many wait already.
        """
        loop = asyncio.get_running_loop()
        if self._turns is None or self._turns[0] is not loop:  # a semaphore is of one loop
            self._turns = (loop, asyncio.Semaphore(self._workers + AHEAD))
        if self._queued >= self._limit + AHEAD:
            raise busy()
        self._queued += 1
        try:
            async with self._turns[1]:
                yield
        finally:
            self._queued -= 1

    async def run[T](self, function: Callable[[], T]) -> T:
        """Return what `function` returns. Raises `Unavailable` when too many wait already."""
        if self._callers >= self._limit:
            raise busy()
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


def busy() -> Unavailable:
    return Unavailable("passwords", retry_after=1, detail="Too many logins at once.", code="auth.busy")
