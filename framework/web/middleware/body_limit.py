"""Gives the 413 of FastAPI's own body limit the shape of every other failure."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framework.web.errors import Errors
from framework.web.problem import Problem

_BODY = b"Content Too Large"
"""What Starlette answers. It replaces whatever the application answers to a request that announces too large a body."""


class BodyLimitAnswer:
    """Replaces Starlette's plain 413, which passes by every exception handler, with a rendered problem."""

    def __init__(self, app: ASGIApp, *, errors: Errors) -> None:
        self.app = app
        self._errors = errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or (scope["method"] == "GET" and not _announces_body(scope)):
            await self.app(scope, receive, send)
            return
        held: Message | None = None

        async def send_rendered(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start" and message["status"] == 413:
                held = message  # whose it is, its body will tell
                return
            start, held = held, None
            if start is None:
                await send(message)
            elif message.get("body") == _BODY:
                problem = Problem(413, detail="The request body is larger than this server accepts.")
                response = await self._errors.render(Request(scope, receive), problem)
                await response(scope, receive, send)
            else:
                await send(start)
                await send(message)

        await self.app(scope, receive, send_rendered)


def _announces_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
