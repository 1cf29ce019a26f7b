"""The limit of request bodies, passed only by requests that have one."""

from fastapi._body_limit import AppBodyLimitMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framework.web.errors import Errors
from framework.web.problem import Problem

_BODY = b"Content Too Large"
"""What Starlette answers. It replaces whatever the application answers to a request that announces too large a body."""


class BodyLimit:
    """FastAPI's own limit, with its plain 413, which passes by every exception handler, replaced by a problem.

    Given to the application itself, FastAPI would look at every request three times: before the app's middleware, and
    at each router and route.
    """

    def __init__(self, app: ASGIApp, *, max_body_size: int | None, errors: Errors) -> None:
        self.app = app
        self._limited = AppBodyLimitMiddleware(app, max_body_size)
        self._errors = errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not _may_have_body(scope):
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

        await self._limited(scope, receive, send_rendered)


def _may_have_body(scope: Scope) -> bool:
    """Tell whether a body may follow: in HTTP/1 the head says so, and only there it has to."""
    if not scope.get("http_version", "").startswith("1"):
        return True
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
