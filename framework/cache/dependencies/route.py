"""A cached function as an endpoint."""

import hashlib
import inspect
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl
from weakref import ref

from fastapi.params import Depends
from fastapi.security import SecurityScopes
from pydantic_core import to_json
from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Scope

from framework.cache.cache import Cache
from framework.cache.computing import Recipe
from framework.cache.dependencies.answers import KEY, Answer, Answers
from framework.cache.dependencies.asked import Asked
from framework.cache.dependencies.places import Place
from framework.cache.flights import Unshared
from framework.cache.functions import CachedFunction, cache_of
from framework.cache.responses import StoredResponse
from framework.errors import FrameworkError
from framework.services import Injected
from framework.web import caller_of, project_of, scope_of

__all__ = ["CachedRoute"]

ROUTE = ("endpoint", "route", "path_params")
"""What a router writes into the ASGI scope, for the layers around it to read."""

OF_THE_REQUEST = (HTTPConnection, Response, BackgroundTasks, SecurityScopes)


class OwnResponse(Unshared):
    """Carries a response that only the caller it was made for may get."""

    def __init__(self, response: Response) -> None:
        self.response = response


class CachedRoute:
    """A cached function as FastAPI calls it: with the request, and without services, which are made when needed."""

    def __init__(self, cached: CachedFunction) -> None:
        self._cached = cached
        self._keeping = cached.keeping
        try:
            hints = {name: hint for name, hint in cached.signature.hints.items() if name != "return"}
        except NameError:  # it names what is defined later, which FastAPI would not accept of an endpoint
            hints = {}
        self._injected = {name: hint.__origin__ for name, hint in hints.items() if is_injected(hint)}
        self._own = {name: hint for name, hint in hints.items() if is_one_of(hint, OF_THE_REQUEST)}
        self._request = self._name(Request, "cached_request")
        self._response = self._name(Response, "cached_response")
        self._depends_on_url = any(is_one_of(hint, (HTTPConnection,)) for hint in self._own.values())
        # Whom nobody knows is one user, so that `"user"` alone would give to each what another sent a header for.
        if self._depends_on_url and not (self._keeping.shared or any(name != "user" for name in self._keeping.vary)):
            raise FrameworkError(
                f"{cached.signature.name} takes the request, so what it returns may depend on anything in it.",
                hint="Take what it needs as parameters; or say which headers it reads, as in "
                '`vary=["Accept-Language"]`, `vary=["Host"]` for its address alone, or `shared=True` when nothing in '
                "it matters.",
                code="cache.vary",
            )
        self._places: dict[int, tuple[ref[Any], Place]] = {}
        """By what FastAPI knows of the route."""

    def _name(self, kind: type, default: str) -> str:
        """Return the parameter that FastAPI fills with the request or the response: it fills one of each."""
        return next((name for name, hint in self._own.items() if is_one_of(hint, (kind,))), default)

    @property
    def signature(self) -> inspect.Signature:
        """What FastAPI is shown."""
        given = inspect.signature(self._cached.function)
        kept = {name: each for name, each in given.parameters.items() if name not in self._injected}
        for name, kind in ((self._request, Request), (self._response, Response)):
            kept.setdefault(name, inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind))
        return given.replace(parameters=sorted(kept.values(), key=lambda each: each.kind))

    def is_asked(self, kwargs: Mapping[str, Any]) -> bool:
        """Tell whether FastAPI calls, and not somebody who wants the result of the function."""
        return self._request in kwargs and self._response in kwargs

    async def respond(self, kwargs: dict[str, Any]) -> Any:
        """Return the response that is kept, or a new one."""
        request: Request = kwargs[self._request]
        asked = Asked(request, kwargs[self._response])
        given = {name: value for name, value in kwargs.items() if name in self._cached.signature.parameters}
        if request.method not in ("GET", "HEAD"):
            return await self._cached.signature.call({**given, **await self._means(request)})
        place = self._place(asked)
        user = None if self._keeping.shared else await caller_of(request)
        is_personal = not self._keeping.shared and (user is not None or place.has_credentials(request.scope))
        if is_personal and (user is None or "user" not in self._keeping.vary):
            result = await self._cached.signature.call({**given, **await self._means(request)})
            return asked.marked(await asked.made(result), place.vary)
        cache = await cache_of(project_of(request).services)
        recipe = self._recipe(asked, cache, given, place, user)
        try:
            stored = StoredResponse.decode(await cache.computing.obtain(recipe))
        except OwnResponse as own:
            return own.response
        if not is_personal and self._is_plain(place):
            self._remember(request.scope, cache, recipe, place)
        control = f"private, {self._age(stored)}" if is_personal or not place.is_open else self._control(stored)
        return asked.answer(stored, control, place.vary)

    def _place(self, asked: Asked) -> Place:
        """Return what is known of the route that is asked."""
        route, context = asked.route, asked.context
        known = self._places.get(id(context))
        if known is None or known[0]() is not context:
            number, places = id(context), self._places
            known = ref(context, lambda _: places.pop(number, None)), Place(self._keeping, context, route)
            places[number] = known
        return known[1]

    def _is_plain(self, place: Place) -> bool:
        """Tell whether the response depends on nothing but the path and the query, whoever asks."""
        return place.is_plain and not self._own and all(name == "user" for name in self._keeping.vary)

    def _remember(self, scope: Scope, cache: Cache, recipe: Recipe[bytes], place: Place) -> None:
        """Have such requests answered before a route is looked for."""
        answers: Answers | None = scope.get(KEY)
        if answers is not None and place.queries.issuperset(names_in(scope["query_string"])):
            # Only to look: the means to make the value would keep this request and all it holds.
            looking = replace(recipe, make=never, remake=None, tags_of=None)
            route = {name: scope[name] for name in ROUTE if name in scope}
            answer = Answer(cache, looking, self._control, place.vary, route, is_for_all=self._keeping.shared)
            answers.remember(scope, answer)

    def _control(self, stored: StoredResponse) -> str:
        return f"public, {self._age(stored)}"

    def _recipe(
        self, asked: Asked, cache: Cache, given: dict[str, Any], place: Place, user: str | None
    ) -> Recipe[bytes]:
        request = asked.request

        async def prepare() -> Mapping[str, Any]:
            return await self._means(request)

        async def finish(result: Any) -> bytes:
            response = await asked.made(result)
            stored = asked.stored(response, self._until(cache), place.varies)
            if stored is None or any(isinstance(value, BackgroundTasks) and value.tasks for value in given.values()):
                raise OwnResponse(asked.marked(response, place.vary))
            return stored.encode()

        return self._cached.recipe(
            cache,
            project_of(request).services,
            given,
            {**self._own, **self._injected},
            cache.codecs.of(bytes),
            prepare=prepare,
            finish=finish,
            place=f"{self._cached.signature.name} {request.method} {place.name}{self._differing(asked, user)}",
        )

    async def _means(self, request: Request) -> Mapping[str, Any]:
        """Return the services that the endpoint asks for, from the unit of work of the request."""
        if not self._injected:
            return {}
        scope = await scope_of(request)
        if scope is None:
            raise FrameworkError(
                f"{self._cached.signature.name} was asked for services by an application that serves no project.",
                hint="Serve the app's router with create_app(project).",
                code="web.inject",
            )
        return {name: await scope.get(kind) for name, kind in self._injected.items()}

    def _differing(self, asked: Asked, user: str | None) -> str:
        """Return what responses differ by, besides the arguments."""
        request = asked.request
        parts: list[Any] = [
            user if name == "user" else [name.lower(), request.headers.getlist(name)] for name in self._keeping.vary
        ]
        if self._depends_on_url:
            parts.append(str(request.url))
        if asked.route is None:
            parts.append([request.scope.get("root_path", ""), request.scope["path"]])
        return f" {hashlib.blake2b(to_json(parts), digest_size=16).hexdigest()}" if parts else ""

    def _until(self, cache: Cache) -> float:
        ttl = cache.ttl if self._keeping.ttl is None else self._keeping.ttl
        return time.time() + ttl if ttl else 0

    def _age(self, stored: StoredResponse) -> str:
        """Return for how long clients may keep the response. With tags they ask each time: nobody can tell them."""
        seconds = self._keeping.max_age
        if seconds is None:
            seconds = 0 if self._keeping.tags or not stored.until else stored.until - time.time()
        return f"max-age={int(seconds)}" if seconds >= 1 else "no-cache"


async def never() -> bytes:
    """Stand in for what is not called."""
    raise AssertionError


def names_in(query: bytes) -> list[str]:
    """Return the names of the parameters in a query."""
    return [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)] if query else []


def is_injected(hint: Any) -> bool:
    """Tell whether FastAPI fills a parameter with a service."""
    extras = getattr(hint, "__metadata__", ())
    return any(isinstance(each, Injected) for each in extras) and any(isinstance(each, Depends) for each in extras)


def is_one_of(hint: Any, kinds: tuple[type, ...]) -> bool:
    """Tell whether FastAPI fills a parameter with something of the request itself."""
    return isinstance(hint, type) and issubclass(hint, kinds)
