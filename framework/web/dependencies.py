"""What a route may ask for: `Inject[T]`, filled from the one unit of work of its request."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends
from starlette.requests import HTTPConnection

from framework._modules import name_of
from framework.errors import FrameworkError
from framework.services import Injected, Scope
from framework.web.exchange import Exchange, exchange_of

FUNCTION_STACK = "fastapi_function_astack"
"""Where FastAPI keeps the exit stack that it closes after the response is built and before its first byte is sent.

FastAPI has no public name for it. Should it move, `tests/web/test_dependencies.py` fails, and the public way takes its
place: one dependency with `scope="function"` that enters the scope, put in front of every route at mounting.
"""


class Resolver:
    """The FastAPI dependency behind `Inject[T]`. Equal for equal types, so that FastAPI asks once a request."""

    __slots__ = ("type",)

    def __init__(self, type_: Any) -> None:
        self.type = type_

    async def __call__(self, connection: HTTPConnection) -> Any:
        """Return the service from the scope of the request, which the first to ask opens."""
        exchange = exchange_of(connection.scope)
        if exchange is None:
            raise FrameworkError(
                f"Inject[{name_of(self.type)}] was asked for by an application that serves no project.",
                hint="Serve the app's router with create_app(project).",
                code="web.inject",
            )
        scope = exchange.scope
        if scope is None:
            scope = await _open(exchange, connection)
        return await scope.get(self.type)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Resolver) and self.type == other.type

    def __hash__(self) -> int:
        return hash((Resolver, self.type))

    def __repr__(self) -> str:
        return f"Inject[{name_of(self.type)}]"


async def scope_of(connection: HTTPConnection) -> Scope | None:
    """Return the unit of work of a request, which the first to ask opens: the one that `Inject` takes from.

    `None` where FastAPI runs no dependencies: in a middleware, and in an application that serves no project.
    """
    exchange = exchange_of(connection.scope)
    if exchange is None or (exchange.scope is None and FUNCTION_STACK not in connection.scope):
        return None
    return exchange.scope or await _open(exchange, connection)


async def _open(exchange: Exchange, connection: HTTPConnection) -> Scope:
    """Open the unit of work. It ends before the first byte of the answer; of a websocket, before it is accepted."""
    stack: AsyncExitStack | None = connection.scope.get(FUNCTION_STACK)
    if stack is None:
        raise FrameworkError(
            "This FastAPI keeps its function exit stack elsewhere, so no unit of work can be opened.",
            hint="Install a version of FastAPI that this framework was tested with.",
            code="web.fastapi",
        )
    if connection.scope["type"] == "websocket":
        exchange.handshake = stack = await stack.enter_async_context(AsyncExitStack())
    exchange.scope = await stack.enter_async_context(exchange.project.scope())
    return exchange.scope


if TYPE_CHECKING:
    type Inject[T] = Annotated[T, Injected(), Depends(Resolver(T))]
else:

    class Inject:
        """`posts: Inject[PostService]` gives a route, or a dependency, the service of that type.

        All of a request come from one scope, which closes before the first byte of the answer: it commits when the
        endpoint returned and its result could be serialised, and rolls back on any exception. A stream or a
        background task runs later and opens its own: `async with project.scope()`. A websocket's scope is that of its
        handshake and closes when the connection is accepted; each message opens its own.
        """

        def __class_getitem__(cls, type_):
            return Annotated[type_, Injected(), Depends(Resolver(type_))]
