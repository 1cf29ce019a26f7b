"""`@cached`: a function whose results are kept."""

import inspect
import sys
from collections.abc import Callable, Coroutine, Iterable
from functools import wraps
from typing import Any, Protocol

from framework.cache.functions import CachedFunction, Keeping, Tagging
from framework.cache.locks import lasting
from framework.errors import FrameworkError

__all__ = ["cached"]


class Decorator(Protocol):
    """Takes an async function and returns one that is called the same."""

    def __call__[**P, R](self, function: Callable[P, Coroutine[Any, Any, R]], /) -> Callable[P, Coroutine[Any, Any, R]]:
        """Return the cached function."""
        ...


def cached(
    *,
    ttl: float | None = None,
    tags: Tagging = (),
    stale: float = 0,
    missing: float = 10,
    lock: float = 10,
    vary: Iterable[str] = (),
    shared: bool = False,
    max_age: float | None = None,
) -> Decorator:
    """Keep what an async function, a method of a service or a route returns, by its arguments.

    Services among the arguments (`self`, a session, `Inject[...]`) are not part of the key. Of any number of callers at
    once, in all processes, one computes. The result is written and read as the type it is annotated with.

    - `ttl`: seconds it is kept; the settings say when left out, and 0 keeps it until it is invalidated.
    - `tags`: what it depends on: models, rows, texts; or a function of the same arguments, by name, that returns them,
      and of `result` too if it takes that. A committed change of a model or a row forgets it.
    - `stale`: for so many seconds after its time the old result is returned while a new one is computed.
    - `missing`: for so many seconds a raised `NotFound` is kept; 0 for none.
    - `lock`: after so many seconds another process takes over from one that crashed while it computed.

    A route's response is kept as it is sent, with an `ETag`. Callers with an `Authorization` or `Cookie` header or what
    a security scheme takes, and those whom an app of the project knows, get one of their own, unless `vary` names
    `"user"`: then it is kept for each of them; or `shared` says that it is the same for all. `vary` also names headers
    it depends on. `max_age` lets clients keep it for so many seconds without asking; left out, for the rest of its
    time, and not at all with tags.
    """
    named = (vary,) if isinstance(vary, str) else tuple(vary)
    if shared and "user" in named:
        raise FrameworkError(
            '@cached(vary=["user"], shared=True) says that a response is for each user, and the same for all.',
            hint="Say one of them.",
            code="cache.vary",
        )
    keeping = Keeping(ttl, tags, stale, missing, lasting(lock), named, shared, max_age)

    def decorate[**P, R](function: Callable[P, Coroutine[Any, Any, R]], /) -> Callable[P, Coroutine[Any, Any, R]]:
        if not inspect.iscoroutinefunction(function):
            raise FrameworkError(
                f"@cached wants an async function; {getattr(function, '__qualname__', function)} is none.",
                hint="Write `async def`, and put @cached below the decorators of routes and classes.",
                code="cache.function",
            )
        kept = CachedFunction(function, keeping)

        @inspect.markcoroutinefunction  # which spares each call a coroutine around another
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
            return kept.call(args, kwargs)

        if "fastapi" in sys.modules and not kept.signature.is_method:
            from framework.cache.dependencies import CachedRoute  # the only part that knows the web

            route = CachedRoute(kept)

            @wraps(function)
            async def call_or_respond(*args: P.args, **kwargs: P.kwargs) -> R:
                return await (route.respond(kwargs) if route.is_asked(kwargs) else kept.call(args, kwargs))

            setattr(call_or_respond, "__signature__", route.signature)  # noqa: B010 - an attribute no checker knows
            setattr(call_or_respond, "__cached__", kept)  # noqa: B010
            return call_or_respond
        return call

    return decorate


def cached_function(function: object) -> CachedFunction | None:
    """Return what `@cached` made of a function that may be an endpoint, or `None` when it does not stand there."""
    return getattr(function, "__cached__", None)
