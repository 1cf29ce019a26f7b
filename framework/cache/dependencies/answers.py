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

MOST = 10_000
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

    async def messages(self, condition: str | None) -> tuple[Message, Message] | None:
        """Return what to send, or `None` when that is to be made anew."""
        entry, _ = await self.cache.computing.find(self._recipe)
        if entry is None or entry.absent or (entry.stale_at and entry.stale_at <= time.time()):
            return None
        head, _, body = entry.payload.partition(b"\n")
        said = self._said
        if said is None or said.head != head:
            said = self._said = Said(head, self._vary)
        control = self._control(said.stored)
        status, headers = said.stored.status, said.headers(control)
        if condition is not None and said.stored.matches(condition):
            status, body = 304, b""
        else:
            headers += type_of(said.stored)
            if status != 204:
                headers.append((b"content-length", b"%d" % len(body)))
        return (
            {"type": "http.response.start", "status": status, "headers": headers},
            {"type": "http.response.body", "body": body},
        )


class Said:
    """What is said of a response that is kept, read once; and how that was sent."""

    def __init__(self, head: bytes, vary: Headers) -> None:
        self.head = head
        self.stored = StoredResponse.of_parts(head, b"")
        self._headers = [*headers_of(self.stored), *vary]
        self._ages = any(name == b"cache-control" for name, _ in self._headers)
        """Whether the endpoint said who may keep it, so that it is to be told how long ago that was."""
        self._control: tuple[str, Headers] = "", []

    def headers(self, control: str) -> Headers:
        """Return the headers, without those of a body. The list is the caller's own."""
        known, controlled = self._control
        if known != control or self._ages:
            controlled = controlling(control, self._headers, self.stored)
            self._control = control, controlled
        return [*self._headers, *controlled]


class Answers:
    """The requests of one application that are known, by method, path and query."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, bytes], Answer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def remember(self, scope: Scope, answer: Answer) -> None:
        """Answer such requests from now on; the one not asked for longest is forgotten when there are too many."""
        if len(scope["path"]) + len(scope["query_string"]) > LONGEST:
            return
        self._known[key_of(scope)] = answer
        if len(self._known) > MOST:
            self._known.popitem(last=False)

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
        return messages


def key_of(scope: Scope) -> tuple[str, str, bytes]:
    return scope["method"], scope["path"], scope["query_string"]
