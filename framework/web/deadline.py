"""`Deadline(5)`: how long a route may take."""

from time import monotonic

from fastapi.params import Depends
from starlette.requests import HTTPConnection

from framework.web.exchange import exchange_of

__all__ = ["Deadline"]


class Deadline(Depends):
    """A dependency that sets the time limit of a route or router: `dependencies=[Deadline(5)]`.

    In the place of `web.timeouts.deadline`: seconds until the response begins, counted from when the body has come;
    `None` for no limit. A route's own counts before its router's. What is at work then is cancelled, and its SQL is
    stopped on the server; only a plain `def` goes on in its thread, for threads cannot be stopped.
    """

    def __init__(self, seconds: float | None) -> None:
        super().__init__(Limit(seconds))


class Limit:
    """What FastAPI calls for a `Deadline`."""

    problems = (504,)
    """What the API description says of routes that depend on it."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds

    async def __call__(self, connection: HTTPConnection) -> None:
        """Set the limit of the request."""
        exchange = exchange_of(connection.scope)
        if exchange is not None and exchange.flight is not None:
            exchange.flight.deadline = None if self._seconds is None else monotonic() + self._seconds
