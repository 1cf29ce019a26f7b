"""A function whose results are kept, and how."""

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from framework import context
from framework.cache.cache import Cache
from framework.cache.codecs import Codec
from framework.cache.computing import Recipe
from framework.cache.signatures import Signature
from framework.cache.tags import Tag
from framework.errors import FrameworkError
from framework.services import Services

__all__ = ["CachedFunction", "Keeping", "Tagging", "cache_of"]

# Not `Callable[..., ...]`: checkers would not know what a lambda takes.
type Tagging = (
    Iterable[Tag]
    | Callable[[Any], Iterable[Tag]]
    | Callable[[Any, Any], Iterable[Tag]]
    | Callable[[Any, Any, Any], Iterable[Tag]]
    | Callable[[Any, Any, Any, Any], Iterable[Tag]]
)
"""Tags, or a function that returns them."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How the results of a function are kept."""

    ttl: float | None
    tags: Tagging
    stale: float
    missing: float
    lock: float
    vary: tuple[str, ...]
    shared: bool
    max_age: float | None


class CachedFunction:
    """A function and how its results are kept."""

    def __init__(self, function: Callable[..., Coroutine[Any, Any, Any]], keeping: Keeping) -> None:
        self.function = function
        self.keeping = keeping
        self.signature = Signature(function)
        self._takes: frozenset[str] = frozenset()
        """What the function that tells the tags takes."""
        if callable(keeping.tags):
            self._takes = frozenset(inspect.signature(keeping.tags).parameters)

    async def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return the result for these arguments."""
        if self.keeping.vary:
            raise FrameworkError(
                f"{self.signature.name} varies by {', '.join(self.keeping.vary)}, and was called outside a request.",
                hint="Call the function that it caches, and pass what it varies by as an argument.",
                code="cache.vary",
            )
        given = self.signature.bind(args, kwargs)
        services = self.services()
        cache = await cache_of(services)
        means = self.signature.means(services, given)
        return await cache.computing.obtain(self.recipe(cache, services, given, means, cache.codecs.of(self.type)))

    @property
    def type(self) -> Any:
        """What it returns."""
        try:
            return self.signature.hints["return"]
        except KeyError:
            raise FrameworkError(
                f"{self.signature.name} says not what it returns, so nobody can read it from a cache.",
                hint="Annotate it: `async def rates(...) -> Rates:`.",
                code="cache.function",
            ) from None

    def services(self) -> Services:
        """Return the services of the project at hand."""
        services = context.services.get()
        if services is None:
            raise FrameworkError(
                f"{self.signature.name} is cached, and was called outside a unit of work, where no project is at hand.",
                hint="Open one: `async with project.scope():`.",
                code="cache.no-project",
            )
        return services

    def recipe(
        self,
        cache: Cache,
        services: Services,
        given: Mapping[str, Any],
        means: Mapping[str, Any],
        codec: Codec[Any],
        *,
        prepare: Callable[[], Awaitable[Mapping[str, Any]]] | None = None,
        finish: Callable[[Any], Awaitable[Any]] | None = None,
        key: str = "",
    ) -> Recipe[Any]:
        """Return how to get the result for these arguments: what the function returns, or what `finish` makes of it.

        `prepare` returns the means that the caller did not give.
        """
        keeping = self.keeping
        result: Any = None

        async def made_with(fresh: Mapping[str, Any]) -> Any:
            nonlocal result
            result = await self.signature.call({**given, **fresh})
            return result if finish is None else await finish(result)

        async def make() -> Any:
            return await made_with(await prepare() if prepare is not None else {})

        async def remake() -> Any:
            async with services.scope() as scope:  # the caller's is over by then
                fresh = {name: await scope.get(kind) for name, kind in means.items() if kind in services}
                return await made_with(fresh)

        by_result = "result" in self._takes
        return Recipe(
            f"{cache.key(self.signature.key(given, means))}{key}",
            codec,
            make,
            ttl=keeping.ttl,
            tags=() if by_result else cache.tags.names(self._tags(given)),
            tags_of=(lambda _: self._tags({**given, "result": result})) if by_result else None,
            stale=keeping.stale,
            missing=keeping.missing,
            lock=keeping.lock,
            remake=remake,
        )

    def _tags(self, given: Mapping[str, Any]) -> Iterable[Tag]:
        tags = self.keeping.tags
        if not callable(tags):
            return tags
        asked = cast("Callable[..., Iterable[Tag]]", tags)
        return asked(**{name: value for name, value in given.items() if name in self._takes})


async def cache_of(services: Services) -> Cache:
    """Return the cache of a project."""
    cache = services.find_value(Cache)
    if cache is None:  # something of the project's own, built for each scope
        async with services.scope() as scope:
            cache = await scope.get(Cache)
    return cache
