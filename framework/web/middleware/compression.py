"""Starlette's gzip, asked only for responses that are worth it, and once for those that are sent again."""

from collections import OrderedDict

from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipResponder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framework.web.settings import GzipSettings

_LEFT_ALONE = tuple(kind.removesuffix("*").encode() for kind in DEFAULT_EXCLUDED_CONTENT_TYPES)

MOST = 16_000_000
"""Bytes that what was compressed may take, with what it was made of."""

type Headers = list[tuple[bytes, bytes]]


class Compression:
    """Leaves small responses alone and hands those that are compressed to Starlette's responder.

    Starlette prepares one for every request, which costs more than all our other layers together.
    """

    def __init__(self, app: ASGIApp, *, settings: GzipSettings) -> None:
        self.app = app
        self._minimum = settings.minimum_size
        self._level = settings.level
        self._compressed = Compressed()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        onward = send

        async def send_compressed(message: Message) -> None:
            nonlocal onward
            if message["type"] == "http.response.start":
                told = Told(message.setdefault("headers", []))
                if not told.is_smaller_than(self._minimum):
                    # A 304 has no body, and says what its 200 says.
                    if message["status"] != 304 and _accepts_gzip(scope):
                        onward = self._responder(send, told).send_with_compression
                    elif message["status"] not in (204, 206) and told.may_be_compressed:
                        message["headers"] = told.varied()
            await onward(message)

        await self.app(scope, receive, send_compressed)

    def _responder(self, send: Send, told: "Told") -> GZipResponder:
        kinds = DEFAULT_EXCLUDED_CONTENT_TYPES
        responder = (
            RememberingResponder(self.app, self._minimum, self._level, self._compressed)
            if told.has_etag
            else GZipResponder(self.app, self._minimum, self._level, exclude_content_types=kinds)
        )
        responder.send = send
        return responder


class Compressed:
    """What bodies are when they are compressed; those not asked for longest are forgotten when they take too much."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, bytes] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._known)

    def find(self, body: bytes) -> bytes | None:
        """Return what a body is when it is compressed, or `None` when that is not known."""
        found = self._known.get(body)
        if found is not None:
            self._known.move_to_end(body)
        return found

    def keep(self, body: bytes, compressed: bytes) -> None:
        """Remember what a body is."""
        if body not in self._known:
            self._known[body] = compressed
            self._size += len(body) + len(compressed)
        while self._size > MOST:
            self._size -= sum(map(len, self._known.popitem(last=False)))


class RememberingResponder(GZipResponder):
    """For responses that have a tag, and so are likely to be sent again: compresses each body once."""

    def __init__(self, app: ASGIApp, minimum: int, level: int, compressed: Compressed) -> None:
        super().__init__(app, minimum, level, exclude_content_types=DEFAULT_EXCLUDED_CONTENT_TYPES)
        self._compressed = compressed
        self._streams = False

    async def apply_compression(self, body: bytes, *, more_body: bool) -> bytes:
        """Return the body compressed, or the next part of it."""
        self._streams |= more_body
        if self._streams or type(body) is not bytes:
            return await super().apply_compression(body, more_body=more_body)
        found = self._compressed.find(body)
        if found is None:
            found = await super().apply_compression(body, more_body=False)
            self._compressed.keep(body, found)
        return found


class Told:
    """What the headers of a response say of its body. Read once, for each is passed by every response."""

    __slots__ = ("_encoding", "_headers", "_kind", "_length", "_vary", "has_etag")

    def __init__(self, headers: Headers) -> None:
        self._headers = headers
        self._length = self._kind = self._encoding = b""
        self._vary: list[bytes] = []
        self.has_etag = False
        for name, value in headers:
            if name == b"content-length":
                self._length = value
            elif name == b"content-type":
                self._kind = value
            elif name == b"content-encoding":
                self._encoding = value
            elif name == b"vary":
                self._vary.append(value)
            elif name == b"etag":
                self.has_etag = True

    def is_smaller_than(self, minimum: int) -> bool:
        """Tell whether the body is known to be that small."""
        return self._length.isdigit() and int(self._length) < minimum

    @property
    def may_be_compressed(self) -> bool:
        """Whether a client that accepts gzip would get the body compressed; of a 304, that of its 200."""
        return not self._encoding and not self._kind.lower().startswith(_LEFT_ALONE)

    def varied(self) -> Headers:
        """Return the headers, which say now that they depend on what the client accepts, for who keeps them."""
        rest = [each for each in self._headers if each[0] != b"vary"] if self._vary else self._headers
        return [*rest, (b"vary", b", ".join((*self._vary, b"Accept-Encoding")))]


def _accepts_gzip(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])
