"""One connection to a server that all callers use at once: commands go out together, answers come in their order.

A connection of a pool serves one caller at a time, and waiting for it is most of what a lookup costs.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, cast

import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as LostConnection

from framework.cache.backends.addresses import Server

__all__ = ["Changed", "Command", "Reply", "Wire"]

type Command = tuple[bytes | str | int, ...]
type Reply = Any
"""Bytes, a number, a list of these, `None`, or a `hiredis.ReplyError`, not raised."""

type Changed = Callable[[Sequence[str] | None], None]
"""Called with the keys that somebody changed; `None` for all of them."""

STREAMS = ("_writer", "_reader")
"""Where redis-py keeps the streams of an open connection. A test fails when they move."""


pack = cast("Callable[[Command], bytes]", hiredis.pack_command)  # pyright: ignore[reportUnknownMemberType]


class Asked:
    """A caller's commands, and the answers so far."""

    __slots__ = ("answers", "count", "deadline", "future")

    def __init__(self, future: asyncio.Future[list[Reply]], count: int, deadline: float) -> None:
        self.future = future
        self.count = count
        self.deadline = deadline
        self.answers: list[Reply] = []


class Link(asyncio.Protocol):
    """An open connection."""

    def __init__(self, connection: AbstractConnection, timeout: float, wire: "Wire") -> None:
        self.loop = asyncio.get_running_loop()
        self.closed = False
        # Kept, for it would close the socket; and taken away from the connection, which would do so too.
        self._stream: asyncio.StreamWriter = getattr(connection, STREAMS[0])
        for name in STREAMS:
            setattr(connection, name, None)
        self._transport = cast("asyncio.Transport", self._stream.transport)
        self._transport.set_protocol(self)
        self._timeout = timeout
        self._wire = wire
        self._reader = hiredis.Reader(replyError=hiredis.ReplyError)
        self._asked: deque[Asked] = deque()
        self._outgoing: list[bytes] = []
        self._watch: asyncio.TimerHandle | None = None
        self._is_late = False

    def ask(self, commands: Sequence[Command]) -> asyncio.Future[list[Reply]]:
        """Send the commands with all others of this turn of the event loop."""
        if self.closed:  # since the caller got hold of it
            raise LostConnection("the connection was closed before it could be used")
        loop = self.loop
        future: asyncio.Future[list[Reply]] = loop.create_future()
        if not self._outgoing:
            loop.call_soon(self._flush)
        self._outgoing += map(pack, commands)
        self._asked.append(Asked(future, len(commands), loop.time() + self._timeout))
        if self._watch is None:
            self._watch = loop.call_later(self._timeout, self._look)
        return future

    def _flush(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        if not self.closed:
            self._transport.write(b"".join(outgoing))

    def _look(self) -> None:
        """Give up the connection when the caller waiting for longest has waited too long."""
        self._watch = None
        if self.closed or not self._asked:
            return
        left = self._asked[0].deadline - self.loop.time()
        if left > 0:
            self._is_late = False
        elif not self._is_late:
            # Once more: the answer may be there, unread because the event loop was busy.
            self._is_late, left = True, 0.01
        else:
            self.fail(TimeoutError(f"no answer within {self._timeout:g} seconds"))
            return
        self._watch = self.loop.call_later(left, self._look)

    def keep_listening(self) -> None:
        """Ask for a sign of life again and again: who only listens would not notice that nobody speaks."""
        if not self.closed:
            if not self._asked:
                self.ask([("PING",)])
            self.loop.call_later(self._timeout, self.keep_listening)

    def data_received(self, data: bytes) -> None:
        """Hand the answers to who waits for them."""
        reader = self._reader
        reader.feed(data)
        try:
            while (reply := reader.gets()) is not False:
                if isinstance(reply, hiredis.PushNotification):
                    self._wire.told(cast("list[Any]", reply))
                    continue
                asked = self._asked[0]
                asked.answers.append(reply)
                if len(asked.answers) == asked.count:
                    self._asked.popleft()
                    self._is_late = False
                    if not asked.future.done():  # the caller may have gone
                        asked.future.set_result(asked.answers)
        except (hiredis.ProtocolError, IndexError) as error:
            self.fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits."""
        self.fail(LostConnection(f"the server closed the connection: {exc or 'end of stream'}"))

    def fail(self, error: Exception) -> None:
        """Close the connection. Nobody knows whose answer would come next."""
        if self.closed:
            return
        self.closed = True
        if self._watch is not None:
            self._watch.cancel()
        self._transport.abort()
        asked, self._asked = self._asked, deque()
        for each in asked:
            if not each.future.done():
                each.future.set_exception(error)
                each.future.exception()  # seen, should its caller have gone
        self._wire.failed(self)


class Wire:
    """Asks a server through one connection, opened when it is needed and opened anew when it was lost."""

    def __init__(self, server: Server, timeout: float) -> None:
        self._server = server
        self._timeout = timeout
        self._changed: Changed | None = None
        self._lost: Callable[[], None] = lambda: None
        self._link: Link | None = None
        self._opening: asyncio.Task[Link] | None = None

    def track(self, changed: Changed, lost: Callable[[], None]) -> None:
        """Call `changed` when a key that was read here is changed, and `lost` when nobody can tell any more."""
        self._changed, self._lost = changed, lost

    async def ask(self, *commands: Command) -> list[Reply]:
        """Send the commands and return the answers; errors of the server among them are not raised."""
        link = self._link
        if link is None or link.closed or link.loop is not asyncio.get_running_loop():
            link = await self._opened()
        return await link.ask(commands)

    async def reach(self) -> None:
        """Do nothing: there is one server, and whoever asked it knows that it answers."""

    async def keys(self, pattern: str) -> AsyncGenerator[list[bytes]]:
        """Yield the keys that match a pattern, some at a time."""
        cursor = b"0"
        while True:
            (reply,) = await self.ask(("SCAN", cursor, "MATCH", pattern, "COUNT", 1000))
            if isinstance(reply, Exception):
                raise reply
            cursor, keys = reply
            yield keys
            if cursor == b"0":
                return

    async def _opened(self) -> Link:
        loop = asyncio.get_running_loop()
        if self._opening is None or self._opening.done() or self._opening.get_loop() is not loop:
            self._opening = loop.create_task(self._open())
            self._opening.add_done_callback(look_at)
        return await asyncio.shield(self._opening)  # who is cancelled does not take the others' connection away

    async def _open(self) -> Link:
        if (other := self._link) is not None and not other.loop.is_closed():
            other.loop.call_soon_threadsafe(other.fail, LostConnection("another event loop took over"))
        self._forget(self._link)
        async with asyncio.timeout(self._timeout):
            connection = self._server.connection()
            try:
                await connection.connect()
            except BaseException:
                await connection.disconnect(nowait=True)
                raise
            link = Link(connection, self._timeout, self)
            try:
                if self._changed is not None:
                    (reply,) = await link.ask([("CLIENT", "TRACKING", "ON")])
                    if isinstance(reply, Exception):
                        raise reply
                    link.keep_listening()
            except BaseException:
                link.fail(LostConnection("it could not be prepared"))
                raise
        self._link = link  # not before: what is read before the server tracks it, it tells nobody of
        return link

    def told(self, push: Sequence[Any]) -> None:
        """Pass on what the server says unasked."""
        if self._changed is not None and push[0] == b"invalidate":
            keys: Sequence[bytes] | None = push[1]
            self._changed(None if keys is None else [key.decode() for key in keys])

    def _forget(self, link: "Link | None") -> None:
        if link is not None and link is self._link:
            self._link = None
            self._lost()

    def failed(self, link: "Link") -> None:
        """Note that a connection is gone."""
        self._forget(link)

    def reset(self) -> None:
        """Give up the connection: the server is not the one that is wanted any more."""
        if self._link is not None:
            self._link.fail(LostConnection("given up"))

    async def close(self) -> None:
        """Close the connection. The next caller opens another."""
        opening, self._opening = self._opening, None
        if opening is not None and not opening.done() and opening.get_loop() is asyncio.get_running_loop():
            opening.cancel()
            await asyncio.wait([opening])
        self.reset()
        await asyncio.sleep(0)  # the event loop closes the socket in its next turn
        await self._server.close()


def look_at(task: asyncio.Task[Any]) -> None:
    """Look at the outcome of a task whose callers may all have gone, so that asyncio does not complain."""
    if not task.cancelled():
        task.exception()
