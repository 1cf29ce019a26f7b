"""Rules for what FastAPI runs no dependencies for: plain routes of Starlette's, and mounted applications."""

from collections.abc import Sequence

from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from framework.web.exchange import exchange_of
from framework.web.rule import Rule


class Guard:
    """An application behind rules. They run as those of any route do, in a unit of work that ends before it begins."""

    def __init__(self, app: ASGIApp, rules: Sequence[Rule]) -> None:
        self._app = app

        async def answer() -> Response:
            return Delegated(app)

        async def connect(websocket: WebSocket) -> None:
            await app(websocket.scope, websocket.receive, websocket.send)

        self._http = APIRoute("/", answer, dependencies=rules, response_model=None)
        self._websocket = APIWebSocketRoute("/", connect, dependencies=rules)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through when every rule does."""
        if scope.get("endpoint") is self:
            scope["endpoint"] = self._app  # a mounted application, as the table of routes knows it
        route = self._http if scope["type"] == "http" else self._websocket
        await route.app(scope, receive, send)


class Delegated(Response):
    """A response that another application gives."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let that application answer, and open a unit of work of its own: the one of the rules is over."""
        if (exchange := exchange_of(scope)) is not None:
            exchange.scope = None
        await self._app(scope, receive, send)
