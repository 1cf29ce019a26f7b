"""Locks that survive a crashed holder."""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from framework.errors import FrameworkError, Unavailable

if TYPE_CHECKING:
    from framework.cache.cache import Cache

__all__ = ["Lock", "lasting", "pauses"]

FIRST_PAUSE = 0.005
LONGEST_PAUSE = 0.1


class Lock:
    """One attempt to hold a name that only one may hold. It is renewed until it is released, and ends by itself."""

    def __init__(self, cache: "Cache", key: str, *, ttl: float) -> None:
        self._cache = cache
        self._key = key
        self._ttl = lasting(ttl)
        self._token = secrets.token_bytes(16)  # who released it late must not release that of another
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._renewal: asyncio.Task[None] | None = None

    @property
    def held(self) -> bool:
        """Whether it is held: it was acquired and has been renewed in time ever since."""
        return asyncio.get_running_loop().time() < self._until

    async def acquire(self, *, wait: float | None = None) -> bool:
        """Hold the lock and return `True`, or `False` when others held it for `wait` seconds.

        Raises `Unavailable` when nobody can tell.
        """
        loop = asyncio.get_running_loop()
        end = None if wait is None else loop.time() + wait
        for pause in pauses():
            asked = loop.time()
            if await self._asked(self._cache.write_new(self._key, self._token, self._ttl)):
                self._begin(asked)
                return True
            if end is not None and loop.time() + pause > end:
                return False
            await asyncio.sleep(pause)
        raise AssertionError

    async def try_and_read(self, keys: Sequence[str]) -> tuple[bool, Sequence[bytes | None]]:
        """Tell whether it could be acquired at once, and return what the keys hold after that, in one turn."""
        asked = asyncio.get_running_loop().time()
        is_ours, held = await self._asked(self._cache.write_new_and_read(self._key, self._token, self._ttl, keys))
        if is_ours:
            self._begin(asked)
        return is_ours, held

    async def _asked[T](self, asking: Awaitable[T]) -> T:
        try:
            return await asking
        except Unavailable:  # no answer: perhaps it is held by now
            await self._let_go()
            raise
        except BaseException:  # cancelled: perhaps too
            self._let_go_soon()
            raise

    async def release(self) -> None:
        """Let go, if it is held. A lock lost meanwhile stays with its new holder."""
        if self._end():
            try:
                await self._let_go()
            except BaseException:  # cancelled: perhaps it was never sent
                self._let_go_soon()
                raise

    async def write_and_release(self, values: Mapping[str, bytes], ttl: float | None) -> None:
        """Write what it was held for and let go, in one turn: those who wait for it find the values."""
        if self._end():
            await self._asked(self._cache.write_and_own_remove(values, ttl, self._key, self._token))
        else:
            await self._cache.write(values, ttl)

    async def _let_go(self) -> None:
        with suppress(Unavailable):  # it ends by itself
            await self._cache.own_remove(self._key, self._token)

    def _let_go_soon(self) -> None:
        self._cache.computing.finish(self._let_go())

    def _begin(self, asked: float) -> None:
        self._until = asked + self._ttl
        self._timer = asyncio.get_running_loop().call_later(self._ttl / 3, self._begin_renewal)

    def _end(self) -> bool:
        """Renew it no longer, and tell whether it was acquired."""
        if self._timer is None:
            return False
        self._until = 0.0
        self._timer.cancel()
        self._timer = None
        if self._renewal is not None:
            self._renewal.cancel()
        return True

    def _begin_renewal(self) -> None:
        self._renewal = asyncio.get_running_loop().create_task(self._renew())

    async def _renew(self) -> None:
        loop = asyncio.get_running_loop()
        while self.held:
            asked = loop.time()
            try:
                if not await self._cache.own_expire(self._key, self._token, self._ttl):
                    self._until = 0.0
                    return
            except Unavailable:
                pass  # perhaps in time after all
            else:
                self._until = asked + self._ttl
            await asyncio.sleep(self._ttl / 3)


def lasting(ttl: float) -> float:
    """Return for how long a lock is held by who crashed. Raises for no time, which would be for ever."""
    if ttl > 0:
        return ttl
    raise FrameworkError(
        f"A lock cannot be for {ttl:g} seconds: it ends by itself when its holder has crashed.",
        hint="Say after how many seconds others may have it: 30.",
        code="cache.lock",
    )


def pauses():
    """Yield how long to wait between two attempts: longer each time, and not the same for all who wait."""
    pause = FIRST_PAUSE
    while True:
        yield pause * (0.5 + random.random())  # noqa: S311 - no secret
        pause = min(pause * 1.5, LONGEST_PAUSE)
