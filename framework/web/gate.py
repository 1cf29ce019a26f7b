"""How many requests a process works on at once, and how long others wait. Knows nothing of requests."""

import asyncio
from collections import deque
from contextlib import suppress
from time import monotonic

from framework.web.settings import LoadSettings

__all__ = ["Gate"]


class Gate:
    """Lets in as many as may be at work; the others queue, first come, first served, and for a short while only.

    A queue that empties now and then absorbs a burst, so who joins it may wait for `interval`. One that has stood for
    longer is overload, and waiting in it helps nobody: from then on who joins waits for `target` at most. That is
    CoDel's idea, in the simple form that servers use. What is let in is answered in good time, whatever is refused.
    """

    def __init__(self, settings: LoadSettings) -> None:
        self.active = 0
        self._most = settings.concurrency
        self._most_waiting = settings.waiting
        self._target = settings.target
        self._interval = settings.interval
        self._waiting: deque[asyncio.Future[bool]] = deque()
        self._standing_since = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    def enter(self) -> bool:
        """Enter if that is possible without waiting. Who does has to `leave`."""
        if self.active >= self._most or self._waiting:
            return False
        self.active += 1
        return True

    async def wait(self) -> bool:
        """Queue, and tell whether a place came in time. Who got one has to `leave`."""
        if len(self._waiting) >= self._most_waiting:
            return False
        loop = asyncio.get_running_loop()
        now = monotonic()
        if not self._waiting:
            self._standing_since = now
        patience = self._interval if now - self._standing_since < self._interval else self._target
        place: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(place)
        giving_up = loop.call_later(patience, self._give_up, place)
        try:
            return await place
        except asyncio.CancelledError:
            if not place.cancelled() and place.result():
                self.leave()  # it came, and nobody takes it
            raise
        finally:
            giving_up.cancel()
            if place.cancelled():
                with suppress(ValueError):
                    self._waiting.remove(place)

    def leave(self) -> None:
        """Make place: for the one that has waited for longest, if any."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():  # else it was cancelled, and has not noticed yet
                place.set_result(True)
                return
        self.active -= 1

    def re_enter(self) -> None:
        """Enter without asking: whoever left for a while and has work half done."""
        self.active += 1

    def _give_up(self, place: asyncio.Future[bool]) -> None:
        if not place.done():
            self._waiting.remove(place)
            place.set_result(False)
