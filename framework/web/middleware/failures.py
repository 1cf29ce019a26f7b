"""Answers what the middleware of apps raises on purpose."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from framework.web.errors import Errors


class Failures:
    """Turns an expected exception raised by an app's middleware into its response.

    FastAPI handles exceptions below that middleware; without this, `NotFound` raised in one would be a 500.
    """

    def __init__(self, app: ASGIApp, *, errors: Errors) -> None:
        self.app = app
        self._errors = errors
        self._expected = tuple(errors.expected)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        started = False

        async def send_watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] in ("http.response.start", "websocket.accept", "websocket.close")
            await send(message)

        try:
            await self.app(scope, receive, send_watched)
        except self._expected as error:
            if started:
                raise
            if scope["type"] == "websocket":
                await self._errors.respond(WebSocket(scope, receive, send), error)
            elif (response := await self._errors.respond(Request(scope, receive), error)) is not None:
                await response(scope, receive, send)
