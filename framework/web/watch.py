"""Time limits of the requests in flight, kept by one look at all of them now and then."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from time import monotonic
from types import coroutine
from typing import Any, Literal

__all__ = ["Flight", "Watch", "noticing"]

TICK = 0.1
"""Seconds between two looks. A timer for each limit of each request would cost more than the request's other layers."""

type Reason = Literal["deadline", "body", "write", "overload"]


class Flight:
    """One request at work: until when it has to be answered, its body read, a piece of its response taken."""

    __slots__ = ("body_until", "cancelling", "deadline", "expired", "task", "write_until")

    def __init__(self, deadline: float | None) -> None:
        task = asyncio.current_task()
        assert task is not None, "an ASGI application runs in a task"
        self.task = task
        self.cancelling = task.cancelling()
        self.deadline = deadline
        """When the response has to begin, on the clock of `monotonic`. Time spent waiting for the client is added."""
        self.body_until: float | None = None
        """Until when more of the body has to come, while it is waited for."""
        self.write_until: float | None = None
        """Until when the client has to take what is sent, while that is waited for."""
        self.expired: Reason | None = None

    def passed(self, now: float) -> Reason | None:
        """Return the limit that has passed, if any."""
        if self.write_until is not None:
            return "write" if now > self.write_until else None
        if self.body_until is not None:
            return "body" if now > self.body_until else None
        return "deadline" if self.deadline is not None and now > self.deadline else None

    def take_back(self) -> bool:
        """Take our cancellation of the task back, and tell whether it was the only one.

        As after `asyncio.timeout`, one that somebody else asked for meanwhile has to go on.
        """
        return self.expired is not None and self.task.uncancel() <= self.cancelling


class Watch:
    """Cancels the tasks of flights whose time is over, the way `asyncio.timeout` does."""

    def __init__(self) -> None:
        self._flights: set[Flight] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop that the next look is scheduled on; none is while nothing flies."""
        self._looked = 0.0
        self._idle_since = 0.0
        """When the last flight ended, while nothing flies."""

    def __len__(self) -> int:
        return len(self._flights)

    def begin(self, flight: Flight) -> None:
        """Watch over a flight."""
        loop = flight.task.get_loop()
        if self._loop is not loop:
            self._loop = loop
            self._looked = monotonic()
            loop.call_later(TICK, self._look)
        elif not self._flights:
            self._looked += monotonic() - self._idle_since
        self._flights.add(flight)

    def end(self, flight: Flight) -> None:
        """Watch over it no longer."""
        if flight in self._flights:
            self._flights.remove(flight)
            if not self._flights:
                self._idle_since = monotonic()

    def lag(self) -> float:
        """Return for how long the event loop has not come to look, though it was time.

        Work that never awaits passes no gate: a thousand such requests that are ready at once run one after another, in
        one turn of the loop. One that begins at its end has waited for that long. Time in which nothing flew does not
        count: a process that was stopped between two requests has nobody waiting.
        """
        if self._loop is None:
            return 0.0
        return (monotonic() if self._flights else self._idle_since) - self._looked - TICK

    async def landed(self, within: float) -> None:
        """Wait until what flies now does no more, for some seconds at most."""
        if tasks := {flight.task for flight in self._flights} - {asyncio.current_task()}:
            await asyncio.wait(tasks, timeout=within)

    def _look(self) -> None:
        if not self._flights or self._loop is None:
            self._loop = None
            return
        self._loop.call_later(TICK, self._look)
        now = self._looked = monotonic()
        for flight in self._flights:
            if flight.expired is None and (reason := flight.passed(now)) is not None:
                flight.expired = reason
                flight.task.cancel()


@coroutine
def noticing[T](work: Awaitable[T], waits: Callable[[], None], goes_on: Callable[[], None]) -> Generator[Any, Any, T]:
    """Await `work`; call `waits` if it has to wait for something, and `goes_on` when that is over.

    Most of what a server is asked for is there already, and then this costs next to nothing.
    """
    steps = work.__await__()
    try:
        waiting = next(steps)
    except StopIteration as done:
        return done.value
    waits()
    try:
        while True:
            try:
                yield waiting
            except BaseException as error:
                if not hasattr(steps, "throw"):  # some servers' futures have none
                    raise
                waiting = steps.throw(error)
            else:
                waiting = next(steps)
    except StopIteration as done:
        return done.value
    finally:
        goes_on()
