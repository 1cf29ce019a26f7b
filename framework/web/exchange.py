"""One request or websocket connection, as the framework sees it."""

from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from framework.project import Project
from framework.services import Scope

if TYPE_CHECKING:
    from framework.web.routing import Routes

KEY = "framework"
"""Where an exchange stands in the ASGI scope. It is one object, so copies of that scope share it."""


class Exchange:
    """One request or websocket connection: who serves it, its id, and its unit of work once one is open."""

    __slots__ = ("accepted", "handshake", "project", "request_id", "root_path", "routes", "scope")

    def __init__(self, project: Project, routes: "Routes", request_id: str, root_path: str) -> None:
        self.project = project
        self.routes = routes
        self.request_id = request_id
        self.root_path = root_path
        self.scope: Scope | None = None
        self.handshake: AsyncExitStack | None = None
        """Closes the unit of work of a websocket's handshake."""
        self.accepted = False
        """Whether a websocket was accepted, and not only meant to be."""


current: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
"""The exchange at hand, for what has no request to ask."""


def exchange_of(asgi_scope: Any) -> Exchange | None:
    """Return the exchange of an ASGI scope, or `None` outside an application of `create_app`."""
    found = asgi_scope.get(KEY)
    return found if isinstance(found, Exchange) else None
