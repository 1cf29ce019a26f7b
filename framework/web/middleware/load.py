"""What a process can bear: how many requests at once, for how long, and from how slow a client."""

import asyncio
import logging
from collections.abc import Awaitable
from time import monotonic

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from framework.project import Project
from framework.web.errors import Errors
from framework.web.exchange import KEY, Exchange
from framework.web.gate import Gate
from framework.web.paths import path_of
from framework.web.problem import Problem
from framework.web.settings import WebSettings
from framework.web.watch import Flight, Watch, noticing

_STARTS = ("http.response.start", "websocket.accept", "websocket.close", "websocket.http.response.start")

OVERLOADED = Problem(503, "overloaded", detail="The server has too much to do.", headers={"Retry-After": "1"})
STOPPING = Problem(503, "stopping", detail="The server is about to stop.", headers={"Retry-After": "1"})
TOO_LATE = Problem(504, "deadline_exceeded", detail="The request took too long and was broken off.")
TOO_SLOW = Problem(408, detail="The request body came too slowly.", headers={"Connection": "close"})

_REASONS = {
    "deadline": "it was not answered in time",
    "body": "its body came too slowly",
    "write": "the client did not read the response",
}
_ANSWERS = {"body": TOO_SLOW, "overload": OVERLOADED}

_MOMENT = 0.02
"""Seconds that a body may be late without its request giving its place up: many clients send the head by itself."""

_log = logging.getLogger("framework.web")


class Load:
    """Refuses requests while others wait for too long already, and breaks off what takes too long.

    A request holds its place until its response begins: a stream is no load of this kind, nor is a websocket that was
    accepted. It gives the place up while its body comes slowly, so that slow clients keep nobody out, and has to get
    one again when all of it has come.
    """

    def __init__(self, app: ASGIApp, *, project: Project, settings: WebSettings, errors: Errors, watch: Watch) -> None:
        self.app = app
        self.gate = Gate(settings.load)
        self.timeouts = settings.timeouts
        self._exempt = settings.load.exempt
        self._patience = settings.load.interval
        self._project = project
        self._errors = errors
        self._watch = watch
        self._crowd: list[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the handshake of a websocket."""
        if scope["type"] not in ("http", "websocket") or path_of(scope).startswith(self._exempt):
            await self.app(scope, receive, send)
        elif (self._watch.lag() > self._patience and await self._is_crowded()) or not (
            self.gate.enter() or await self.gate.wait()
        ):
            await self._answer(OVERLOADED, scope, receive, send)
        else:
            passage = Passage(self, receive, send)
            exchange: Exchange = scope[KEY]
            exchange.flight = passage
            self._watch.begin(passage)
            try:
                # Any method may have a body.
                await self.app(scope, passage.receive if scope["type"] == "http" else receive, passage.send)
            except asyncio.CancelledError as error:
                problem = self._why(passage, error, scope)
                if not passage.started:
                    passage.start()
                    await self._answer(problem, scope, receive, send)
            finally:
                self._watch.end(passage)
                passage.start()
                exchange.flight = None  # a circle, which would cost the garbage collector more than all of this

    async def _is_crowded(self) -> bool:
        """Tell whether others came as late as the one at hand, in the same turn of the loop.

        Who is alone has not waited in a queue: a client in this process may ask again before the loop has turned.
        """
        crowd = self._crowd = self._crowd or []
        crowd.append(None)
        await asyncio.sleep(0)  # meanwhile all that are ready come to the door
        self._crowd = None
        return len(crowd) > 1

    def _why(self, passage: "Passage", error: asyncio.CancelledError, scope: Scope) -> Problem:
        """Say why a request was broken off; raise `error` where neither we nor the stopping server did it."""
        self._watch.end(passage)
        if passage.take_back():
            reason = passage.expired or "deadline"
            if reason in _REASONS:  # an overload is no time for more to write
                _log.warning("Broke off %s %s: %s.", scope.get("method", "WS"), scope["path"], _REASONS[reason])
            return _ANSWERS.get(reason, TOO_LATE)
        if self._project.stopping and passage.expired is None:
            passage.task.uncancel()
            return STOPPING
        raise error

    async def _answer(self, problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            error = HTTPException(problem.status, problem.detail, dict(problem.headers))
            await self._errors.respond(WebSocket(scope, receive, send), error)
        else:
            response = await self._errors.render(Request(scope, receive), problem)
            await response(scope, receive, send)


class Passage(Flight):
    """One request on its way through: what it receives and sends, with a look at the clock where it has to wait."""

    __slots__ = (
        "_came",
        "_has_place",
        "_is_complete",
        "_layer",
        "_making_place",
        "_receive",
        "_send",
        "_since",
        "_streams",
        "_waited_since",
        "started",
    )

    def __init__(self, layer: Load, receive: Receive, send: Send) -> None:
        seconds = layer.timeouts.deadline
        self._since = monotonic()
        super().__init__(None if seconds is None else self._since + seconds)
        self._layer = layer
        self._receive = receive
        self._send = send
        self._came = 0
        self._has_place = True
        self._making_place: asyncio.TimerHandle | None = None
        self._is_complete = False
        self._streams = False
        self.started = False

    def start(self) -> None:
        """Give the place up: the response begins, or never will."""
        if not self.started:
            self.started = True
            self.deadline = None
            self._make_place()

    def _make_place(self) -> None:
        if self._has_place:
            self._has_place = False
            self._layer.gate.leave()

    def send(self, message: Message) -> Awaitable[None]:
        """Send a message. The client has a while to take what was sent before."""
        if message["type"] in _STARTS:
            self.start()
        elif self._streams:
            return noticing(self._send(message), self._blocked, self._unblocked)
        else:  # nothing was sent yet that could be waited for
            self._streams = True
        return self._send(message)

    def _blocked(self) -> None:
        self.write_until = monotonic() + self._layer.timeouts.write

    def _unblocked(self) -> None:
        self.write_until = None

    async def receive(self) -> Message:
        """Receive a message. The body has to come at some rate."""
        if self._is_complete:  # from here on it is the client's going that is waited for
            return await self._receive()
        message = await noticing(self._receive(), self._starved, self._fed)
        self._came += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)
        if self._is_complete and not self._has_place and not self.started:
            await self._return()
        return message

    def _starved(self) -> None:
        timeouts = self._layer.timeouts
        self.body_until = self._since + timeouts.body + self._came / timeouts.body_rate
        self._waited_since = monotonic()
        if self._has_place:
            self._making_place = self.task.get_loop().call_later(_MOMENT, self._make_place)

    def _fed(self) -> None:
        self.body_until = None
        if self._making_place is not None:
            self._making_place.cancel()
            self._making_place = None
        if self.deadline is not None:
            self.deadline += monotonic() - self._waited_since

    async def _return(self) -> None:
        """Get a place again, before those that come now; break the request off when there is none in time."""
        gate = self._layer.gate
        if gate.enter() or await gate.wait(returning=True):
            self._has_place = True
            if self.started:  # meanwhile, by another task
                self._make_place()
            return
        self.expired = "overload"
        self.task.cancel()
        await asyncio.get_running_loop().create_future()  # whichever task this is, it goes no further
