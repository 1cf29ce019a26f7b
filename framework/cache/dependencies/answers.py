"""Which requests can be answered without looking for their route, and how."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import Message, Scope

from framework.cache.cache import Cache
from framework.cache.computing import Recipe
from framework.cache.dependencies.asked import Headers, controlling, headers_of, type_of, varying
from framework.cache.responses import StoredResponse
from framework.web import caller_of, project_of

__all__ = ["KEY", "Answer", "Answers"]

KEY = "framework.cache"
"""Where the answers of an application stand in the ASGI scope."""

MOST, MOST_BYTES = 10_000, 50_000_000
LONGEST = 500
"""Characters of an address that is remembered: strangers choose how many there are, and what they end with."""
CREDENTIALS = (b"authorization", b"cookie")


class Answer:
    """How to answer a request."""

    def __init__(
        self,
        cache: Cache,
        recipe: Recipe[bytes],
        control: Callable[[StoredResponse], str],
        vary: bytes,
        route: Mapping[str, Any],
        *,
        is_for_all: bool,
    ) -> None:
        self.cache = cache
        self.is_for_all = is_for_all
        """Whether it is the same for callers with credentials."""
        self.route = route
        """What the router wrote into the ASGI scope, for the layers around it to read."""
        self._recipe = recipe
        self._control = control
        self._vary = varying(vary)
        self._said: Said | None = None
        """What was last said of the response."""
        self.size = 0
        """Bytes that it takes: the cache may hold no such thing any more."""
        self.counted = 0
        """How many of them are counted."""

    async def messages(self, condition: str | None) -> tuple[Message, Message] | None:
        """Return what to send, or `None` when that is to be made anew."""
        entry, _ = await self.cache.computing.find(self._recipe)
        if entry is None or entry.absent or (entry.stale_at and entry.stale_at <= time.time()):
            return None
        said = self._said
        if said is None or said.payload != entry.payload:
            said = self._said = Said(entry.payload, self._vary)
            self.size = 2 * len(entry.payload)
        control = self._control(said.stored)
        if condition is not None and said.stored.matches(condition):
            status, headers, body = 304, said.headers(control), b""
        else:
            status, headers, body = said.stored.status, said.headers_of_body(control), said.body
        return (
            {"type": "http.response.start", "status": status, "headers": headers},
            {"type": "http.response.body", "body": body},
        )


class Said:
    """A response as it is kept, read once, and the headers that were sent with it."""

    def __init__(self, payload: bytes, vary: Headers) -> None:
        self.payload = payload
        head, _, body = payload.partition(b"\n")
        self.body = body
        self.stored = StoredResponse.of_parts(head, b"")
        self._headers = [*headers_of(self.stored), *vary]
        self._of_body = type_of(self.stored)
        if self.stored.status != 204:
            self._of_body.append((b"content-length", b"%d" % len(body)))
        self._ages = any(name == b"cache-control" for name, _ in self._headers)
        """Whether the endpoint said who may keep it, so that it is to be told how long ago that was."""
        self._control: tuple[str, Headers] = "", []

    def headers(self, control: str) -> Headers:
        """Return the headers of an answer without a body. The list is the caller's own."""
        known, controlled = self._control
        if known != control or self._ages:
            controlled = controlling(control, self._headers, self.stored)
            self._control = control, controlled
        return [*self._headers, *controlled]

    def headers_of_body(self, control: str) -> Headers:
        """Return the headers of an answer with the body."""
        return [*self.headers(control), *self._of_body]


class Answers:
    """The requests of one application that are known, by method, path and query."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, bytes], Answer] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._known)

    def remember(self, scope: Scope, answer: Answer) -> None:
        """Answer such requests from now on; the one not asked for longest is forgotten when there are too many."""
        if len(scope["path"]) + len(scope["query_string"]) > LONGEST:
            return
        key = key_of(scope)
        if (before := self._known.pop(key, None)) is not None:
            self._size -= before.counted
        self._known[key] = answer
        self._make_room()

    async def find(self, scope: Scope) -> tuple[Message, Message] | None:
        """Return what to send, or `None` for a request that has to go the long way."""
        key = key_of(scope)
        answer = self._known.get(key)
        if answer is None or scope.get("fastapi.telemetry") is not None:  # a span learns the route from the router
            return None
        self._known.move_to_end(key)
        condition = None
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                condition = value.decode("latin-1")
            elif name in CREDENTIALS and not answer.is_for_all:
                return None
        connection = HTTPConnection(scope)
        if not answer.is_for_all and await caller_of(connection) is not None:
            return None
        if project_of(connection).services.find_value(Cache) is not answer.cache:  # a test put another in its place
            return None
        messages = await answer.messages(condition)
        if messages is not None:
            scope.update(answer.route)
        if answer.counted != answer.size and self._known.get(key) is answer:
            self._size += answer.size - answer.counted
            answer.counted = answer.size
            self._make_room()
        return messages

    def _make_room(self) -> None:
        while len(self._known) > MOST or self._size > MOST_BYTES:
            self._size -= self._known.popitem(last=False)[1].counted


def key_of(scope: Scope) -> tuple[str, str, bytes]:
    return scope["method"], scope["path"], scope["query_string"]
