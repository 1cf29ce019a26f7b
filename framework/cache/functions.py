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
        self._names: tuple[str, ...] | None = None
        """The tags, where they are the same for all arguments; read late, for models are mapped late."""
        self._told = keeping.tags if callable(keeping.tags) and not isinstance(keeping.tags, type) else None
        """The function that tells the tags, if one does."""
        if self._told is not None:
            self._takes = frozenset(inspect.signature(self._told).parameters)
        self._by_result = "result" in self._takes

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
        cache = services.find_value(Cache)
        if cache is None:
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
        place: str | None = None,
    ) -> Recipe[Any]:
        """Return how to get the result for these arguments: what the function returns, or what `finish` makes of it.

        `prepare` returns the means that the caller did not give, and `place` is what results are kept under, if not
        under the name of the function.
        """
        keeping = self.keeping
        call = Call(self, services, given, means, prepare, finish)
        by_result, names = self._by_result, self._names
        if names is None:
            names = () if by_result else self.names(cache, given)
        return Recipe(
            cache.key(self.signature.key(given, means, place)),
            codec,
            call.make,
            keeping.ttl,
            names,
            call.tags if by_result else None,
            keeping.stale,
            keeping.missing,
            keeping.lock,
            call.remake,
        )

    def names(self, cache: Cache, given: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the tags, as far as they are known from the arguments."""
        names = cache.tags.names(self.tags(given))
        if self._told is None:
            self._names = names
        return names

    def tags(self, given: Mapping[str, Any]) -> Iterable[Tag]:
        """Return the tags for these arguments, and for the `result` among them."""
        if self._told is None:
            return cast("Iterable[Tag]", self.keeping.tags)
        asked = cast("Callable[..., Iterable[Tag]]", self._told)
        return asked(**{name: value for name, value in given.items() if name in self._takes})


class Call:
    """One call of a cached function, should its result have to be made."""

    __slots__ = ("_finish", "_function", "_given", "_means", "_prepare", "_result", "_services")

    def __init__(
        self,
        function: CachedFunction,
        services: Services,
        given: Mapping[str, Any],
        means: Mapping[str, Any],
        prepare: Callable[[], Awaitable[Mapping[str, Any]]] | None,
        finish: Callable[[Any], Awaitable[Any]] | None,
    ) -> None:
        self._function = function
        self._services = services
        self._given = given
        self._means = means
        self._prepare = prepare
        self._finish = finish
        self._result: Any = None

    async def make(self) -> Any:
        """Make the result with the means of the caller."""
        return await self._made_with(await self._prepare() if self._prepare is not None else {})

    async def remake(self) -> Any:
        """Make it with means of its own: the caller's are gone by then."""
        async with self._services.scope() as scope:
            fresh = {name: await scope.get(kind) for name, kind in self._means.items() if kind in self._services}
            return await self._made_with(fresh)

    def tags(self, _: Any) -> Iterable[Tag]:
        """Return the tags that the result tells."""
        return self._function.tags({**self._given, "result": self._result})

    async def _made_with(self, fresh: Mapping[str, Any]) -> Any:
        self._result = await self._function.signature.call({**self._given, **fresh})
        return self._result if self._finish is None else await self._finish(self._result)


async def cache_of(services: Services) -> Cache:
    """Return the cache of a project."""
    cache = services.find_value(Cache)
    if cache is None:  # something of the project's own, built for each scope
        async with services.scope() as scope:
            cache = await scope.get(Cache)
    return cache
