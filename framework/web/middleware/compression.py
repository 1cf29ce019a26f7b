"""Starlette's gzip, asked only for responses that are worth it."""

from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipResponder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framework.web.settings import GzipSettings

_LEFT_ALONE = tuple(kind.removesuffix("*").encode() for kind in DEFAULT_EXCLUDED_CONTENT_TYPES)

type Headers = list[tuple[bytes, bytes]]


class Compression:
    """Leaves small responses alone and hands those that are compressed to Starlette's responder.

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
                accepts = any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])
                if accepts and message["status"] != 304:  # which has no body, and says what its 200 says
                    onward = self._responder(send).send_with_compression
                elif _may_be_compressed(message):
                    message["headers"] = _varied(message["headers"])
            await onward(message)

        await self.app(scope, receive, send_compressed)

    def _is_small(self, start: Message) -> bool:
        length = next((value for name, value in start.get("headers", ()) if name == b"content-length"), None)
        return length is not None and length.isdigit() and int(length) < self._minimum

    def _responder(self, send: Send) -> GZipResponder:
        responder = GZipResponder(
            self.app, self._minimum, self._level, exclude_content_types=DEFAULT_EXCLUDED_CONTENT_TYPES
        )
        responder.send = send
        return responder


def _may_be_compressed(start: Message) -> bool:
    """Tell whether a client that accepts gzip would get the response compressed; of a 304, its 200."""
    headers: Headers = start.setdefault("headers", [])
    return start["status"] not in (204, 206) and not any(
        name == b"content-encoding" or (name == b"content-type" and value.lower().startswith(_LEFT_ALONE))
        for name, value in headers
    )


def _varied(headers: Headers) -> Headers:
    """Say that a response depends on what the client accepts, for who keeps it on the way."""
    named = [value for name, value in headers if name == b"vary"]
    rest = [each for each in headers if each[0] != b"vary"] if named else headers
    return [*rest, (b"vary", b", ".join((*named, b"Accept-Encoding")))]
