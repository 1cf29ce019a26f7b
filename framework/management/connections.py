"""How `runserver` treats connections that uvicorn would keep for ever: of clients that don't send, or don't read."""

import asyncio
import socket

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["Protocol", "limit_writes"]


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with a time limit for the head of a request, from the connection or from its first byte.

    The body has limits of its own (`web.timeouts.body`); a connection that waits for its next request has uvicorn's.
    """

    head_seconds = 20.0
    arrival_seconds = 0.1
    """How long a server that ends waits for the request of who has just connected."""
    _giving_up: asyncio.TimerHandle | None = None
    _has_asked = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._head_came()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Wait for the rest of the head."""
        super().on_message_begin()
        self._wait_for_head()

    def on_headers_complete(self) -> None:
        """Hand the request on."""
        self._has_asked = True
        self._head_came()
        super().on_headers_complete()

    def shutdown(self) -> None:
        """Close the connection after the request at work, or the first one, which is on its way."""
        if not self._has_asked and not self.transport.is_closing():
            self.loop.call_later(self.arrival_seconds, super().shutdown)
        else:
            super().shutdown()

    def _wait_for_head(self) -> None:
        self._head_came()
        self._giving_up = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _head_came(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None


def limit_writes(listener: socket.socket, seconds: float) -> None:
    """Have the system drop connections of clients that take nothing of what was sent for `seconds`, where it can.

    Connections inherit it from the listener. A server that closes one politely waits for the client to read the rest.
    """
    if hasattr(socket, "TCP_USER_TIMEOUT") and listener.family != getattr(socket, "AF_UNIX", None):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(seconds * 1000))
