"""A client that calls an ASGI application without a network."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from framework.testing.settings import HOST

if TYPE_CHECKING:
    from httpx import AsyncClient

__all__ = ["connect"]

type Scope = MutableMapping[str, Any]
type Channel = Callable[..., Awaitable[Any]]


def connect(app: Callable[[Scope, Channel, Channel], Awaitable[None]], state: Mapping[str, object]) -> "AsyncClient":
    """Return a client of `app`, whose lifespan runs elsewhere and gave `state`. Errors of the server are raised."""
    from httpx import ASGITransport, AsyncClient

    async def as_a_server_would(scope: Scope, receive: Channel, send: Channel) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    return AsyncClient(transport=ASGITransport(as_a_server_would), base_url=f"http://{HOST}")
