"""Remembers each change once it was answered."""

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framework import Project
from framework_audit.services import AuditTrail


class AuditMiddleware:
    """Pure ASGI: requests that are not remembered cost a function call."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and remember it in a unit of work of its own."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self.app(scope, receive, watch)
        project: Project = scope["app"].state.project
        async with project.scope() as unit:
            audit = await unit.get(AuditTrail)
            if audit.wants(scope["method"], status):
                await audit.record(scope["method"], scope["path"], status)


middleware = [Middleware(AuditMiddleware)]
