"""Where the routes of every app stand: mounting, names, `reverse`, and who claims what."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import ModuleType
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, Mount, NoMatchFound, WebSocketRoute
from starlette.types import Scope

from framework._modules import expect, file_of, where
from framework.errors import ImproperlyConfigured, NoReverseMatch
from framework.project import Project
from framework.web.exchange import current
from framework.web.paths import fill
from framework.web.settings import WebSettings


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
    access: str = ""
    """Who may call it, as far as a rule says so."""
    context: RouteContext = field(kw_only=True, repr=False, compare=False)

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

    def reverse(self, name: str, /, **params: Any) -> str:
        """Return the path of the route called `name`, its parameters filled in and quoted.

        Raises `NoReverseMatch` that says what there is instead. A mounted application's own names come after its
        own: `shop:files:logo`.
        """
        return str(self._reverse(name, params))

    def _reverse(self, name: str, params: Mapping[str, Any]) -> URLPath:
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
            hint = f"Names begin with the app's label: {_listed(same)}." if same else hint
            return NoReverseMatch(f"Reverse for {name!r} not found. {name!r} is no 'app:name'.", hint=hint)
        if label not in labels:
            hint = hint or f"Apps with routes: {_listed(labels) or 'none'}."
            return NoReverseMatch(f"Reverse for {name!r} not found. {label!r} is no app with routes.", hint=hint)
        own = [known for known in names if known.startswith(f"{label}:")]
        hint = hint or f"It has {_listed(own)}."
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
            return self.routes_table._reverse(name, path_params)  # pyright: ignore[reportPrivateUsage] — same module
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


def routes(project: Project) -> Routes:
    """Return the routes of a project without serving it.

    Raises what `create_app` raises for a router that cannot be mounted.
    """
    return mount(APIRouter(), project, project.settings.section(WebSettings))


def mount(target: APIRouter, project: Project, settings: WebSettings) -> Routes:
    """Put the router of every app where the settings say. Nothing is written on those routers: projects share them."""
    _check_labels(project, settings)
    found: list[Route] = []
    for app, module in project.apps.modules("routes"):
        router = expect(module, "router", APIRouter)
        target.include_router(
            router,
            prefix=_prefix(app.app_label, module, settings),
            generate_unique_id_function=_operation_id(app.app_label, router),
        )
        found += [_route(context, app.app_label) for context in iter_route_contexts(target.routes[-1:])]
    _check_claims(found, settings)
    table = Routes(found)
    target.routes.insert(0, Names(table))
    return table


def _prefix(label: str, module: ModuleType, settings: WebSettings) -> str:
    """Return where an app goes: where the project says, where its `routes.py` says (`mount = "/"`), or the prefix."""
    if label in settings.mounts:
        return settings.mounts[label]
    if not hasattr(module, "mount"):
        return settings.prefix
    own = expect(module, "mount", str)
    if own not in ("", "/") and (not own.startswith("/") or own.endswith("/")):
        raise ImproperlyConfigured(
            f"`mount` in {file_of(module)} is {own!r}; wanted a slash first and none at the end.",
            hint=f"Write `mount = {'/' + own.strip('/')!r}`.",
            code="web.mounts",
        )
    return own.rstrip("/")


def _route(context: RouteContext, app: str) -> Route:
    original = context.original_route
    endpoint: Any = context.endpoint
    path = context.path_format or context.path or "/"
    if isinstance(original, Mount):
        methods, path, endpoint = ("MOUNT",), context.path or "/", original.app
    elif isinstance(original, WebSocketRoute):
        methods = ("WS",)
    else:
        methods = tuple(sorted(context.methods or ("*",)))
    return Route(methods, path, f"{app}:{context.name or ''}", app, endpoint, context=context)


def _operation_id(label: str, router: APIRouter) -> Callable[[APIRoute], str]:
    """Return the function that names operations `blog_read`, and by their path where an app has that name twice."""
    counted = Counter(context.name for context in iter_route_contexts(router.routes))

    def operation_id(route: APIRoute) -> str:
        parts = [label, route.name]
        if counted[route.name] > 1:
            parts = [label, route.name, *sorted(method.lower() for method in route.methods or ()), route.path_format]
        return re.sub(r"[\W_]+", "_", "_".join(parts)).strip("_")

    return operation_id


def _path_of(route: Route, rest: str, params: Mapping[str, Any]) -> URLPath:
    context = route.context
    if rest:
        own = f"{context.name}:{rest}" if context.name else rest
        return context.url_path_for(own, **params)
    if route.methods == ("MOUNT",) and "path" in params:
        params = {**params, "path": str(params["path"]).lstrip("/")}
    path = fill(context.path_format or route.path, context.param_convertors, params)
    return URLPath(path, protocol="websocket" if route.methods == ("WS",) else "http")


def _check_labels(project: Project, settings: WebSettings) -> None:
    labels = [app.app_label for app in project.apps]
    for label in settings.mounts:
        if label not in labels:
            close = get_close_matches(label, labels, n=1)
            raise ImproperlyConfigured(
                f"web.mounts names {label!r}, which is no installed app.",
                hint=f"Did you mean {close[0]!r}?" if close else f"Installed: {_listed(labels)}.",
                code="web.mounts",
            )


def _check_claims(found: Iterable[Route], settings: WebSettings) -> None:
    """Raise when two routes claim one method and path, or one operation id: the second would never be reached."""
    taken: dict[tuple[str, str], Route | None] = {("GET", f"^{re.escape(page)}$"): None for page in _pages(settings)}
    ids: dict[str, Route] = {}
    for route in found:
        for method in route.methods:
            if method == "HEAD" and "GET" in route.methods:
                continue  # Starlette adds it
            other = taken.setdefault((method, route.shape), route)
            if other is not route:
                raise ImproperlyConfigured(
                    f"{method} {route.path} is claimed twice: by {_claimant(other)} and by {_claimant(route)}.",
                    hint=f'Change one path, or mount an app elsewhere: WebSettings(mounts={{"{route.app}": "/…"}}).',
                    code="web.claimed-twice",
                )
        if (id_ := route.operation_id) is not None and (first := ids.setdefault(id_, route)) is not route:
            raise ImproperlyConfigured(
                f"Two operations are called {id_!r}: {_claimant(first)} and {_claimant(route)}.",
                hint='Name one of them: @router.get("/…", name="…").',
                code="web.operation-id",
            )


def _pages(settings: WebSettings) -> Iterator[str]:
    docs = settings.docs
    if docs.openapi_url:
        yield from (page for page in (docs.openapi_url, docs.swagger_url, docs.redoc_url) if page)


def _claimant(route: Route | None) -> str:
    return f"{route.name} ({route.where})" if route else "the API docs (web.docs)"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)
