"""Answers what is kept for a request that came before, without looking for its route."""

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from framework.cache.dependencies.answers import KEY, Answers

__all__ = ["inner_middleware"]


class KnownAnswers:
    """Sends what the cache keeps for requests whose answer is known to depend on nothing but their address.

    Finding a route and solving its parameters is most of what a hit costs. All other layers have been passed by then:
    limits, logs and metrics count these requests like any other.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._answers = Answers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            messages = await self._answers.find(scope)
            if messages is not None:
                for message in messages:
                    await send(message)
                return
            scope[KEY] = self._answers
        await self.app(scope, receive, send)


inner_middleware = [Middleware(KnownAnswers)]
