"""Who calls: what an app of the project that knows users says of a connection."""

from collections.abc import Awaitable, Callable
from types import FunctionType

from starlette.requests import HTTPConnection

from framework._modules import expect
from framework.errors import Unauthenticated
from framework.project import Project
from framework.web.exchange import Exchange, exchange_of

type Identify = Callable[[HTTPConnection], Awaitable[str | None]]
"""Returns whom a connection's credentials belong to, `user:42`, or `None` when it has none."""


def identifiers(project: Project) -> tuple[Identify, ...]:
    """Return the `identify` of every app's `callers.py`, in order."""
    return tuple(expect(module, "identify", FunctionType) for _, module in project.apps.modules("callers"))


async def caller_of(connection: HTTPConnection) -> str | None:
    """Return who calls, such as `user:42`; the same all over the project, so rules and caches can be kept by it.

    `None` when nobody is known: no credentials, refused ones, or no app with a `callers.py`. Asked once a request.
    """
    exchange = exchange_of(connection.scope)
    if exchange is None:
        return None
    if exchange.caller is ...:
        exchange.caller = await _identify(exchange, connection)
    return exchange.caller


async def _identify(exchange: Exchange, connection: HTTPConnection) -> str | None:
    for identify in exchange.identifiers:
        try:
            if (found := await identify(connection)) is not None:
                return found
        except Unauthenticated:  # whoever needs to know the caller says so; counting does not
            continue
    return None
