"""How many requests a process works on at once, and how long others wait. Knows nothing of requests."""

import asyncio
from collections import deque
from contextlib import suppress
from time import monotonic

from framework.web.settings import LoadSettings

__all__ = ["Gate"]


class Line(deque[asyncio.Future[bool]]):
    """Who waits for a place, first come, first served."""

    standing_since = 0.0
    """When it was empty last, while it is not."""


class Gate:
    """Lets in as many as may be at work; the others queue, first come, first served, and for a short while only.

    A queue that empties now and then absorbs a burst, so who joins it may wait for `interval`. One that has stood for
    longer is overload, and waiting in it helps nobody: from then on who joins waits for `target` at most. That is
    CoDel's idea, in the simple form that servers use. What is let in is answered in good time, whatever is refused.

    Who was in before, and made place while it waited for its client, has a line of its own that goes first.
    """

    def __init__(self, settings: LoadSettings) -> None:
        self.active = 0
        self._most = settings.concurrency
        self._most_waiting = settings.waiting
        self._target = settings.target
        self._interval = settings.interval
        self._returning = Line()
        self._waiting = Line()

    def __len__(self) -> int:
        return len(self._returning) + len(self._waiting)

    def enter(self) -> bool:
        """Enter if that is possible without waiting. Who does has to `leave`."""
        if self.active >= self._most:  # which it is as long as anybody waits
            return False
        self.active += 1
        return True

    async def wait(self, *, returning: bool = False) -> bool:
        """Queue, and tell whether a place came in time. Who got one has to `leave`."""
        line = self._returning if returning else self._waiting
        if len(line if returning else self) >= self._most_waiting:
            return False
        loop = asyncio.get_running_loop()
        now = monotonic()
        if not line:
            line.standing_since = now
        patience = self._interval if now - line.standing_since < self._interval else self._target
        place: asyncio.Future[bool] = loop.create_future()
        line.append(place)
        giving_up = loop.call_later(patience, _give_up, line, place)
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
                    line.remove(place)

    def leave(self) -> None:
        """Make place: for the one that has waited for longest, if any."""
        for line in (self._returning, self._waiting):
            while line:
                place = line.popleft()
                if not place.done():  # else it was cancelled, and has not noticed yet
                    place.set_result(True)
                    return
        self.active -= 1


def _give_up(line: Line, place: asyncio.Future[bool]) -> None:
    if not place.done():
        line.remove(place)
        place.set_result(False)
