"""The layers around every application, outermost first. All are pure ASGI."""

from types import ModuleType
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from framework._modules import expect, file_of
from framework.errors import ImproperlyConfigured
from framework.project import Project
from framework.web.errors import Errors
from framework.web.middleware.body_limit import BodyLimit
from framework.web.middleware.compression import Compression
from framework.web.middleware.failures import Failures
from framework.web.middleware.hosts import Hosts
from framework.web.middleware.load import Load
from framework.web.middleware.request import RequestLayer
from framework.web.routing import Routes
from framework.web.settings import WebSettings
from framework.web.watch import Watch

OUTER, INNER = "middleware", "inner_middleware"


def outer_layers(
    project: Project, settings: WebSettings, table: Routes, errors: Errors, watch: Watch
) -> list[Middleware]:
    """Return what goes around FastAPI's own stack, so that its 500 passes through too."""
    hosts = Hosts(project.settings.allowed_hosts)
    layers = [Middleware(RequestLayer, project=project, settings=settings, hosts=hosts, table=table, errors=errors)]
    cors = settings.cors
    if cors.enabled:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=cors.origins,
                allow_origin_regex=cors.origin_regex,
                allow_methods=cors.methods,
                allow_headers=cors.headers,
                allow_credentials=cors.credentials,
                expose_headers=(settings.request_id.header, *cors.expose),
                max_age=cors.max_age,
            )
        )
    layers.append(Middleware(Load, project=project, settings=settings, errors=errors, watch=watch))
    if settings.gzip.enabled:
        layers.append(Middleware(Compression, settings=settings.gzip))
    return layers


def app_layers(project: Project, settings: WebSettings, errors: Errors) -> list[Middleware]:
    """Return the limit of bodies, the middleware of every app, the outermost first, and what they want inside of it."""
    outer: list[Middleware] = []
    inner: list[Middleware] = []
    for _, module in project.apps.modules("middleware"):
        if hasattr(module, INNER):
            inner += _layers(module, INNER)
        if hasattr(module, OUTER) or not hasattr(module, INNER):
            outer += _layers(module, OUTER)
    limit = Middleware(BodyLimit, max_body_size=settings.max_body_size, errors=errors)
    return [limit, Middleware(Failures, errors=errors), *outer, *inner] if outer or inner else [limit]


def _layers(module: ModuleType, name: str) -> list[Middleware]:
    layers = expect(module, name, list[Any])
    for each in layers:
        if not isinstance(each, Middleware):
            raise ImproperlyConfigured(
                f"`{name}` in {file_of(module)} holds {each!r}; wanted starlette's `Middleware`.",
                hint=f"Write `{name} = [Middleware(YourClass, option=...)]`.",
                code="web.middleware",
            )
    return layers
