"""Build the ASGI application of a project."""

import os
import warnings
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp, Lifespan

from framework.checks.security import check_secret_key
from framework.errors import ImproperlyConfigured
from framework.project import Project
from framework.web.blocking import reporting_blocks
from framework.web.errors import Errors
from framework.web.middleware import app_layers, outer_layers
from framework.web.mounting import mount
from framework.web.openapi import describe_access, describe_failures, make_ids_unique
from framework.web.paths import path_of
from framework.web.routing import Routes
from framework.web.settings import TelemetrySettings, WebSettings
from framework.web.stopping import noticing_signals
from framework.web.watch import Watch

BLOCKED_LOOP = 0.2
"""Seconds after which code that blocks the event loop is named in debug."""
LANDING = 5.0
"""Seconds that requests which were cancelled when the server stopped have to give back what they hold."""


def create_app(project: Project) -> FastAPI:
    """Return the application that serves every app of `project`: a `FastAPI`, for any ASGI server.

    Raises `ImproperlyConfigured` for what cannot be mounted, and outside debug for a secret key that is missing, short
    or a template's.
    """
    for message in check_secret_key(project):
        raise ImproperlyConfigured(f"Not served: {message.text}", hint=message.hint, code=message.code)
    return Application(project)


class Application(FastAPI):
    """FastAPI with the apps of a project mounted, its own layers around, and one answer to every failure."""

    def __init__(self, project: Project) -> None:
        settings = project.settings.section(WebSettings)
        docs = settings.docs
        super().__init__(
            title=docs.title,
            version=docs.version,
            description=docs.description,
            openapi_url=docs.openapi_url,
            docs_url=docs.swagger_url,
            redoc_url=docs.redoc_url,
            telemetry=telemetry(settings.telemetry),
            lifespan=cast("Lifespan[FastAPI]", self._lifespan),  # with a state or without one
        )
        self.state.project = project
        self._timeouts = settings.timeouts
        self._max_body_size = settings.max_body_size
        self._blocked_loop = BLOCKED_LOOP if project.settings.debug else 0
        if settings.blocked_loop is not None:
            self._blocked_loop = settings.blocked_loop
        self._routes_table = table = mount(self.router, project, settings)
        self._errors = errors = Errors(project, table, settings)
        self._watch = Watch()
        self._outer_layers = outer_layers(project, settings, table, errors, self._watch)
        self.user_middleware = app_layers(project, settings, errors)
        for kind in errors.expected | {Exception}:
            self.add_exception_handler(kind, errors.respond)  # pyright: ignore[reportArgumentType] — None closed a websocket
        self._described: dict[str, Any] | None = None

    @asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncGenerator[Mapping[str, Any] | None]:
        """Run the project, and within it the applications its apps mounted, which Starlette leaves asleep.

        It ends after the last request: a server that loses its patience cancels those and doesn't wait for them.
        """
        project: Project = self.state.project
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(project.lifespan())
            stack.enter_context(noticing_signals(project, self._timeouts.drain))
            stack.enter_context(reporting_blocks(self._blocked_loop))
            stack.push_async_callback(self._watch.landed, within=LANDING)
            yield await enter_mounted(self._routes_table, stack) or None  # not every server can carry a state

    def build_middleware_stack(self) -> ASGIApp:
        """Put our layers around FastAPI's stack."""
        app = super().build_middleware_stack()
        for cls, args, kwargs in reversed(self._outer_layers):
            app = cls(app, *args, **kwargs)
        return app

    def openapi(self) -> dict[str, Any]:
        """Return the API description; made once, and again when routes were added."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Duplicate Operation ID", UserWarning)  # mended just below
            schema = super().openapi()
        if schema is not self._described:
            describe_failures(schema, self._errors, self._routes_table, self._max_body_size)
            describe_access(schema, self._routes_table, self.state.project)
            make_ids_unique(schema)
            self._described = schema
        return schema


async def enter_mounted(table: Routes, stack: AsyncExitStack) -> dict[str, Any]:
    """Enter the lifespan of every mounted application that has one, and return the state they give."""
    state: dict[str, Any] = {}
    for mounted in {id(route.endpoint): route.endpoint for route in table if route.methods == ("MOUNT",)}.values():
        router = getattr(mounted, "router", None)
        if (lifespan := getattr(router, "lifespan_context", None)) is not None:
            state.update(await stack.enter_async_context(lifespan(mounted)) or {})
    return state


def telemetry(settings: TelemetrySettings) -> TelemetryConfig:
    """Return FastAPI's own configuration; all signals off costs a request nothing."""
    automatic = settings.auto_configure or os.environ.get("FASTAPI_OTEL_AUTO_CONFIGURE", "").lower() == "true"
    if not settings.enabled and not automatic:
        return {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
    return {
        "tracing": settings.tracing,
        "metrics": settings.metrics,
        "logs": settings.logs,
        "operation_spans": settings.operation_spans,
        "auto_configure": automatic,
        "exclude": lambda scope: path_of(scope).startswith(settings.exempt),
    }
