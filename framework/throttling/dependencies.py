"""`Throttle("10/minute")`: how often a route may be called."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Literal

from fastapi.params import Depends
from starlette.requests import HTTPConnection

from framework.throttling.headers import tell
from framework.throttling.rates import rates_of
from framework.throttling.throttler import Throttler, refusal
from framework.web import caller_of, client_key, project_of, route_of

__all__ = ["Throttle", "throttler_of"]

type By = Callable[[HTTPConnection], str | Awaitable[str | None] | None]
"""Returns what a caller is counted by; `None` lets it pass uncounted."""


class Throttle(Depends):
    """A dependency that refuses calls beyond a rate with a 429: `dependencies=[Throttle("10/minute")]`.

    Each route is counted by itself, also where a router brings it; with a `name` all that bear it are counted
    together, and the settings may set their rates. Counted is the user, or the client's address when nobody is known;
    `by="client"` counts by address alone, and a function of the connection by whatever it returns.

    Raises `ImproperlyConfigured` for rates that are none.
    """

    def __init__(
        self, rates: str, *, name: str | None = None, by: Literal["user", "client"] | By = "user", cost: int = 1
    ) -> None:
        rates_of(rates)
        super().__init__(Limit(rates, name, by, cost))


class Limit:
    """What FastAPI calls for a `Throttle`."""

    problems = (429,)
    """What the API description says of routes that depend on it."""

    def __init__(self, rates: str, name: str | None, by: Literal["user", "client"] | By, cost: int) -> None:
        self._rates = rates
        self._name = name
        self._by = by
        self._cost = cost

    async def __call__(self, connection: HTTPConnection) -> None:
        """Count a call, tell the client how it stands, and refuse it when it is one too many."""
        key = await self._key(connection)
        if key is None:
            return
        throttler = await throttler_of(connection)
        name = self._name or _name_of(connection)
        usages = await throttler.count(name, key, self._rates, cost=self._cost)
        tell(connection, name, usages)
        if usages and not usages[-1].allowed:
            raise refusal(usages[-1])

    async def _key(self, connection: HTTPConnection) -> str | None:
        if callable(self._by):
            found = self._by(connection)
            return await found if inspect.isawaitable(found) else found
        caller = await caller_of(connection) if self._by == "user" else None
        return caller or client_key(connection.scope)


async def throttler_of(connection: HTTPConnection) -> Throttler:
    """Return the throttler of the project that serves a connection."""
    async with project_of(connection).scope() as scope:  # also what a test or a setting may have put in its place
        return await scope.get(Throttler)


def _name_of(connection: HTTPConnection) -> str:
    route = route_of(connection)
    return f"{','.join(route.methods)} {route.path}" if route else connection.scope["path"]
