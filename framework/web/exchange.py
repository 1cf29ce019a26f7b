"""One request or websocket connection, as the framework sees it."""

from contextlib import AsyncExitStack
from contextvars import ContextVar
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection

from framework.errors import FrameworkError
from framework.project import Project
from framework.services import Scope

if TYPE_CHECKING:
    from framework.web.callers import Identify
    from framework.web.routing import Route, Routes
    from framework.web.watch import Flight

KEY = "framework"
"""Where an exchange stands in the ASGI scope. It is one object, so copies of that scope share it."""


class Exchange:
    """One request or websocket connection: who serves it, its id, and its unit of work once one is open."""

    __slots__ = (
        "accepted",
        "caller",
        "flight",
        "handshake",
        "headers",
        "identifiers",
        "project",
        "request_id",
        "root_path",
        "routes",
        "scope",
    )

    def __init__(
        self, project: Project, routes: "Routes", identifiers: "tuple[Identify, ...]", request_id: str, root_path: str
    ) -> None:
        self.project = project
        self.routes = routes
        self.identifiers = identifiers
        self.request_id = request_id
        self.root_path = root_path
        self.scope: Scope | None = None
        self.handshake: AsyncExitStack | None = None
        """Closes the unit of work of a websocket's handshake."""
        self.accepted = False
        """Whether a websocket was accepted, and not only meant to be."""
        self.caller: str | EllipsisType | None = ...
        """Who calls; `...` until somebody asked."""
        self.flight: Flight | None = None
        """Its time limits; none for what is exempt from them."""
        self.headers: dict[bytes, bytes] | None = None
        """What the response gets on top, whoever answers."""


current: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
"""The exchange at hand, for what has no request to ask."""


def exchange_of(asgi_scope: Any) -> Exchange | None:
    """Return the exchange of an ASGI scope, or `None` outside an application of `create_app`."""
    found = asgi_scope.get(KEY)
    return found if isinstance(found, Exchange) else None


def project_of(connection: HTTPConnection) -> Project:
    """Return the project that serves a request."""
    exchange = exchange_of(connection.scope)
    if exchange is None:
        raise FrameworkError(
            "An application that serves no project was asked for its project.",
            hint="Serve the app's router with create_app(project).",
            code="web.inject",
        )
    return exchange.project


def add_header(connection: HTTPConnection, name: str, value: str) -> None:
    """Give the response of a request a header, whoever answers it: a route, an error, a layer in between.

    What was added under that name before is joined with a comma, as lists are; what the route sends gives way.
    """
    if (exchange := exchange_of(connection.scope)) is not None:
        headers = exchange.headers = exchange.headers or {}
        key, added = name.lower().encode("latin-1"), value.encode("latin-1")
        headers[key] = b", ".join((headers[key], added)) if key in headers else added


def route_of(connection: HTTPConnection) -> "Route | None":
    """Return the route that serves a request, or `None` before one is found and where none is."""
    exchange = exchange_of(connection.scope)
    return None if exchange is None else exchange.routes.serving(connection.scope)
