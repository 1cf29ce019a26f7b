"""The routes of a project: what they are called, and the way back from a name to a path."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from fastapi.routing import APIRoute, RouteContext
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Scope

from framework._modules import where
from framework.errors import NoReverseMatch
from framework.near import near
from framework.web.exchange import current
from framework.web.paths import fill
from framework.web.rule import Rule


@dataclass(frozen=True, slots=True)
class Route:
    """One way into a project: what `routes` lists and `reverse` builds paths of."""

    methods: tuple[str, ...]
    """HTTP methods; `WS` for a websocket, `MOUNT` for a mounted application, `*` for any method."""
    path: str
    """The path as it is served, parameters in braces: `/api/posts/{id}`."""
    name: str
    """What `reverse` takes: `blog:read`."""
    app: str
    """The label of its app."""
    endpoint: Any = field(repr=False)
    """The function behind it, or the mounted application."""
    rules: tuple[Rule, ...] = ()
    """What holds on it: the nearest rules, and those of dependencies. All of them must let a caller through."""
    overridden: tuple[Rule, ...] = ()
    """What is written for it farther off, and does not hold because its parameters state something else."""
    context: RouteContext = field(kw_only=True, repr=False, compare=False)

    @property
    def access(self) -> str:
        """Who may call it, as it was written: `LoginRequired`. Empty when no rule is stated."""
        return ", ".join(map(repr, self.rules))

    @property
    def where(self) -> str:
        """`file:line` of the endpoint."""
        return where(self.endpoint)

    @property
    def shape(self) -> str:
        """The expression its paths match, whatever the parameters are called."""
        return re.sub(r"\(\?P<\w+>", "(", self.context.path_regex.pattern)

    @property
    def operation_id(self) -> str | None:
        """Its id in the API description, or `None` when it is not described."""
        if not isinstance(self.context.original_route, APIRoute) or not self.context.include_in_schema:
            return None
        return self.context.operation_id or self.context.unique_id


class Routes:
    """The routes of one project, in the order they are tried."""

    def __init__(self, found: Iterable[Route]) -> None:
        self._all = tuple(found)
        self._by_name: dict[str, list[Route]] = {}
        self._by_endpoint: dict[int, list[Route]] = {}
        for route in self._all:
            self._by_name.setdefault(route.name, []).append(route)
            self._by_endpoint.setdefault(id(route.endpoint), []).append(route)

    def __iter__(self) -> Iterator[Route]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def serving(self, scope: Scope) -> Route | None:
        """Return the route that an ASGI scope was matched with, or `None` when none was, or one of a mounted app."""
        found = self._by_endpoint.get(id(scope.get("endpoint")), ())
        if len(found) < 2:
            return found[0] if found else None
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return next((route for route in found if route.context.path_regex.match(path)), None)

    def hint(self, path: str) -> str:
        """Return what to say of a path that no route has."""
        meant = near(path, dict.fromkeys(route.path for route in self._all))
        return f"{f'{meant} ' if meant else ''}There are {len(self._all)} routes: manage.py routes"

    def reverse(self, name: str, /, **params: Any) -> str:
        """Return the path of the route called `name`, its parameters filled in and quoted.

        Raises `NoReverseMatch` that says what there is instead. A mounted application's own names come after its
        own: `shop:files:logo`.
        """
        return str(self.url_path(name, params))

    def url_path(self, name: str, params: Mapping[str, Any]) -> URLPath:
        """Return the same as `reverse`, with the protocol it is for."""
        built = dict[str, URLPath]()
        reasons = list[str]()
        for route, rest in self._named(name):
            try:
                path = _path_of(route, rest, params)
            except (ValueError, NoMatchFound) as error:
                reasons.append(f"{route.path} {error}")
            else:
                built[str(path)] = path
        if len(built) == 1:
            return next(iter(built.values()))
        given = ", ".join(f"{key}={value!r}" for key, value in params.items()) or "no arguments"
        if built:
            raise NoReverseMatch(
                f"Reverse for {name!r} with {given} is ambiguous: {' and '.join(built)}.",
                hint='Tell the routes apart: @router.get("/…", name="…").',
            )
        if reasons:
            raise NoReverseMatch(f"Reverse for {name!r} with {given} not found: {'; '.join(reasons)}.")
        raise self._unknown(name)

    def _named(self, name: str) -> Iterator[tuple[Route, str]]:
        """Yield the routes called `name`, then the mounted applications that may know the rest of it."""
        for route in self._by_name.get(name, ()):
            yield route, ""
        for route in self._all:
            prefix = route.name if route.name.endswith(":") else route.name + ":"
            if route.methods == ("MOUNT",) and name.startswith(prefix) and name != route.name:
                yield route, name[len(prefix) :]

    def _unknown(self, name: str) -> NoReverseMatch:
        label, colon, short = name.partition(":")
        labels = sorted({route.app for route in self._all})
        names = sorted(known for known in self._by_name if not known.endswith(":"))
        close = get_close_matches(name, names, n=1, cutoff=0.7)
        hint = f"Did you mean {close[0]!r}?" if close else None
        if not colon:
            same = [known for known in names if known.endswith(f":{name}")]
            hint = f"Names begin with the app's label: {listed(same)}." if same else hint
            return NoReverseMatch(f"Reverse for {name!r} not found. {name!r} is no 'app:name'.", hint=hint)
        if label not in labels:
            hint = hint or f"Apps with routes: {listed(labels) or 'none'}."
            return NoReverseMatch(f"Reverse for {name!r} not found. {label!r} is no app with routes.", hint=hint)
        own = [known for known in names if known.startswith(f"{label}:")]
        hint = hint or f"It has {listed(own)}."
        return NoReverseMatch(f"Reverse for {name!r} not found. App {label!r} has no route named {short!r}.", hint=hint)


class Names(BaseRoute):
    """Answers `request.url_for("app:name")`. Matches no request."""

    def __init__(self, table: Routes) -> None:
        self.routes_table = table

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Never match."""
        return Match.NONE, {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Return the path of `app:name`."""
        try:
            return self.routes_table.url_path(name, path_params)
        except NoReverseMatch:
            raise NoMatchFound(name, path_params) from None


def reverse(name: str, /, **params: Any) -> str:
    """Return the path of the route called `name` in the project that serves the request at hand.

    Raises `NoReverseMatch` when there is none. Outside a request, ask the project: `routes(project).reverse(...)`.
    """
    exchange = current.get()
    if exchange is None:
        raise NoReverseMatch(
            f"reverse({name!r}) was called outside a request, so no project is at hand.",
            hint=f"Ask one: routes(project).reverse({name!r}, ...).",
            code="web.no-request",
        )
    return exchange.root_path.rstrip("/") + exchange.routes.reverse(name, **params)


def _path_of(route: Route, rest: str, params: Mapping[str, Any]) -> URLPath:
    context = route.context
    if rest:
        own = f"{context.name}:{rest}" if context.name else rest
        return context.url_path_for(own, **params)
    if route.methods == ("MOUNT",) and "path" in params:
        params = {**params, "path": str(params["path"]).lstrip("/")}
    path = fill(context.path_format or route.path, context.param_convertors, params)
    return URLPath(path, protocol="websocket" if route.methods == ("WS",) else "http")


def listed(names: Iterable[str]) -> str:
    """Return names the way messages show them."""
    return ", ".join(repr(name) for name in names)
