"""Tells services who is at the other end of a request."""

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from framework.auth.client import Client, current_client

__all__ = ["ClientLayer", "middleware"]


class ClientLayer:
    """Sets `current_client` for the time of a request or a connection."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
        client = scope.get("client")
        token = current_client.set(Client(client[0] if client else "", agent.decode("latin-1")))
        try:
            await self.app(scope, receive, send)
        finally:
            current_client.reset(token)


middleware = [Middleware(ClientLayer)]
