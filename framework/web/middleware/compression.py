"""Starlette's gzip, asked only for responses that are worth it."""

from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipResponder, IdentityResponder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framework.web.settings import GzipSettings


class Compression:
    """Leaves small responses alone and hands all others to Starlette's responder.

    Starlette prepares one for every request, which costs more than all our other layers together.
    """

    def __init__(self, app: ASGIApp, *, settings: GzipSettings) -> None:
        self.app = app
        self._minimum = settings.minimum_size
        self._level = settings.level

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        onward = send

        async def send_compressed(message: Message) -> None:
            nonlocal onward
            if message["type"] == "http.response.start" and not self._is_small(message):
                onward = self._responder(scope, send).send_with_compression
            await onward(message)

        await self.app(scope, receive, send_compressed)

    def _is_small(self, start: Message) -> bool:
        length = next((value for name, value in start.get("headers", ()) if name == b"content-length"), None)
        return length is not None and length.isdigit() and int(length) < self._minimum

    def _responder(self, scope: Scope, send: Send) -> IdentityResponder:
        accepted = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
        types = DEFAULT_EXCLUDED_CONTENT_TYPES
        # Who does not accept gzip still learns that the answer varies.
        responder = (
            GZipResponder(self.app, self._minimum, self._level, exclude_content_types=types)
            if b"gzip" in accepted
            else IdentityResponder(self.app, self._minimum, exclude_content_types=types)
        )
        responder.send = send
        return responder
