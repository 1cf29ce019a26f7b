"""The default rates, for all requests of a client address together: also those that no route answers."""

from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from framework import Project
from framework.throttling.dependencies import throttler_of
from framework.throttling.headers import tell
from framework.throttling.settings import ThrottlingSettings
from framework.throttling.throttler import refusal
from framework.web import client_key, path_of

__all__ = ["middleware"]


class DefaultRates:
    """Refuses requests beyond the default rates before anything is done for them.

    By address and not by user: who calls is found out where a route needs to know, and costs what this saves.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._settings: ThrottlingSettings | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or handshake."""
        if scope["type"] in ("http", "websocket"):
            settings = self._settings
            if settings is None:
                project: Project = scope["app"].state.project
                settings = self._settings = project.settings.section(ThrottlingSettings)
            if settings.default is not None and not path_of(scope).startswith(settings.exempt):
                await self._count(HTTPConnection(scope), settings.default)
        await self.app(scope, receive, send)

    async def _count(self, connection: HTTPConnection, rates: str) -> None:
        throttler = await throttler_of(connection)
        usages = await throttler.count("default", client_key(connection.scope), rates)
        tell(connection, "default", usages)
        if usages and not usages[-1].allowed:
            raise refusal(usages[-1])


middleware = [Middleware(DefaultRates)]
