"""Keeps a server that does not answer from being asked again and again."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from framework.errors import Unavailable

__all__ = ["Breaker"]

log = logging.getLogger("framework.cache")

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0


class Breaker:
    """Opens with the first failure, and closes when the server answers again, which it finds out by itself."""

    def __init__(self, heal: Callable[[], Awaitable[object]], *, retry_after: float) -> None:
        self._heal = heal
        self._retry_after = retry_after
        self._cause: BaseException | None = None
        self._since = 0.0
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def check(self) -> None:
        """Raise `Unavailable` while it is open."""
        if self._cause is not None and self._loop is asyncio.get_running_loop():
            raise self.unavailable(self._cause)

    def unavailable(self, cause: BaseException) -> Unavailable:
        """Return the error for callers. The client's own words may hold the address, and clients read `detail`."""
        error = Unavailable("cache", retry_after=self._retry_after, code="cache.unavailable")
        error.__cause__ = cause
        return error

    def open(self, cause: BaseException) -> None:
        """Note that the server does not answer. Said once, however many callers see it."""
        loop = asyncio.get_running_loop()
        if self._cause is not None and self._loop is loop:
            return
        self._cause, self._loop, self._since = cause, loop, time.monotonic()
        log.error("The cache does not answer; going on without it: %s: %s", type(cause).__name__, cause)
        self._task = loop.create_task(self._until_healed())

    async def _until_healed(self) -> None:
        pause = FIRST_PAUSE
        while True:
            await asyncio.sleep(pause)
            try:
                await self._heal()
            except Exception as error:  # whatever it is, the next attempt tells more
                log.debug("The cache still does not answer: %s", error)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                break
        self._cause = None
        log.warning("The cache answers again, after %.1f s.", time.monotonic() - self._since)

    async def close(self) -> None:
        """Stop asking."""
        task, self._task, self._cause = self._task, None, None
        if task is not None and self._loop is asyncio.get_running_loop():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
