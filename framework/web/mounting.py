"""Put the routers of all apps into one, and refuse what could not be reached."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import Mount, WebSocketRoute

from framework._modules import expect, file_of, import_object
from framework.errors import ImproperlyConfigured
from framework.near import near
from framework.project import Project
from framework.web.access import Held, enforce, stated_by
from framework.web.dispatch import Dispatch, narrow
from framework.web.routing import Names, Route, Routes, listed
from framework.web.rule import Rule
from framework.web.settings import WebSettings


def routes(project: Project) -> Routes:
    """Return the routes of a project without serving it.

    Raises what `create_app` raises for a router that cannot be mounted.
    """
    return mount(APIRouter(), project, project.settings.section(WebSettings))


def mount(target: APIRouter, project: Project, settings: WebSettings) -> Routes:
    """Put the router of every app where the settings say. Nothing is written on those routers: projects share them.

    What is added to one of them afterwards is left out.
    """
    _check_labels(project, settings)
    found: list[Route] = []
    for app, module in project.apps.modules("routes"):
        router = expect(module, "router", APIRouter)
        prefix = _prefix(app.app_label, module, settings)
        if prefix is None:
            continue
        access = _access(app.app_label, module, settings)
        target.include_router(
            router,
            prefix=prefix,
            dependencies=access,
            generate_unique_id_function=_operation_id(app.app_label, router),
        )
        included: Any = target.routes[-1]
        rules = enforce(included.effective_route_contexts(), router, access)
        contexts = iter_route_contexts(target.routes[-1:])
        found += [_route(context, app.app_label, held) for context, held in zip(contexts, rules, strict=True)]
        frontends = included.effective_low_priority_routes()
        for context, held in zip(frontends, enforce(frontends, router, access), strict=True):
            found += [_route(each, app.app_label, held) for each in _frontends(context)]
        _freeze(included)
    _check_claims(found, settings)
    table = Routes(found)
    target.routes[:0] = [Names(table), Dispatch(target.routes)]
    return table


def _prefix(label: str, module: ModuleType, settings: WebSettings) -> str | None:
    """Return where an app goes: where the project says, where its `routes.py` says (`mount = "/"`), or the prefix.

    `None` is how the project says that it leaves the routes out.
    """
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


def _access(label: str, module: ModuleType, settings: WebSettings) -> list[Rule]:
    """Return what holds for a whole app: what the project says, or else the app's `routes.py`."""
    path = settings.access.get(label)
    if path is None:
        return stated_by(module)
    rule = import_object(path)
    if not isinstance(rule, Rule):
        raise ImproperlyConfigured(
            f"web.access names {path!r} for {label!r}, which is {rule!r}; wanted a Rule.",
            hint="Write `WebSettings(access={...: 'framework.auth:LoginRequired'})`.",
            code="web.access",
        )
    return [rule]


def _route(context: RouteContext, app: str, held: Held) -> Route:
    original = context.original_route
    endpoint: Any = context.endpoint
    path = context.path_format or context.path or "/"
    if isinstance(original, Mount):
        methods, path, endpoint = ("MOUNT",), context.path or "/", original.app
    elif isinstance(original, WebSocketRoute):
        methods = ("WS",)
    else:
        methods = tuple(sorted(context.methods or ("*",)))
    return Route(methods, path, f"{app}:{context.name or ''}", app, endpoint, *held, context=context)


def _freeze(included: Any) -> None:
    """Keep what FastAPI made of a router's routes, with the rules that hold on them.

    It would make them anew when a route is added to the shared router later: such a route is none of this project's,
    for it has no name in the table and nobody looked for its rules.
    """
    candidates, frontends = included.effective_candidates(), included.effective_low_priority_routes()
    included.effective_candidates = lambda: candidates
    included.effective_low_priority_routes = lambda: frontends
    for candidate in candidates:
        if hasattr(candidate, "effective_candidates"):
            _freeze(candidate)
    narrow(included)


def _frontends(context: Any) -> Iterator[RouteContext]:
    """Yield the folders that `router.frontend(...)` serves, as the mounted applications that they are."""
    for route in context.original_route.routes:
        yield RouteContext(Mount(context.frontend_prefix + route.path, app=route.app))


def _operation_id(label: str, router: APIRouter) -> Callable[[APIRoute], str]:
    """Return the function that names operations `blog_read`, and by their path where an app has that name twice."""
    counted = Counter(context.name for context in iter_route_contexts(router.routes))

    def operation_id(route: APIRoute) -> str:
        parts = [label, route.name]
        if counted[route.name] > 1:
            parts = [label, route.name, *sorted(method.lower() for method in route.methods or ()), route.path_format]
        return re.sub(r"[\W_]+", "_", "_".join(parts)).strip("_")

    return operation_id


def _check_labels(project: Project, settings: WebSettings) -> None:
    labels = [app.app_label for app in project.apps]
    for name, told in (("mounts", settings.mounts), ("access", settings.access)):
        for label in told:
            if label not in labels:
                raise ImproperlyConfigured(
                    f"web.{name} names {label!r}, which is no installed app.",
                    hint=near(label, labels) or f"Installed: {listed(labels)}.",
                    code=f"web.{name}",
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
