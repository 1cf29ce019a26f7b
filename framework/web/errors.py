"""Every failure of a project on its way to the client: exception, `Problem`, renderer, response."""

import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, cast, get_type_hints

from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketState

from framework._modules import expect, file_of, import_object, name_of, where
from framework.context import request_id
from framework.errors import DomainError, ImproperlyConfigured
from framework.project import Project
from framework.web.debug import wanted_page
from framework.web.exchange import exchange_of
from framework.web.paths import path_of
from framework.web.places import places_of
from framework.web.problem import Problem, problem_of
from framework.web.routing import Routes
from framework.web.settings import WebSettings
from framework.web.welcome import is_root, welcome

type Renderer = Callable[[Request, Problem], BaseModel | Response | Awaitable[BaseModel | Response]]
"""Turns a problem into the body of its response. The model it is annotated to return stands in the API description."""

type Handler = Callable[[Request, Any], Problem | Response | Awaitable[Problem | Response]]
"""Turns one kind of exception into a problem, or into a whole response."""

HANDLED: tuple[type[Exception], ...] = (
    HTTPException,
    RequestValidationError,
    WebSocketRequestValidationError,
    DomainError,
)
"""What is expected to be raised. All else is logged and told to nobody outside debug."""

_log = logging.getLogger("framework.web")


class InvalidField(BaseModel):
    """One invalid value of a request."""

    name: str
    loc: Sequence[str | int]
    code: str
    message: str


class ProblemBody(BaseModel):
    """A failure, as RFC 9457 has it."""

    model_config = ConfigDict(title="Problem")

    type: str = "about:blank"
    title: str
    status: int
    detail: Any
    code: str
    request_id: str | None = None
    subject: str | None = None
    errors: Sequence[InvalidField] | None = None
    hint: str | None = None
    trace: Sequence[str] | None = None


def render(request: Request, problem: Problem) -> ProblemBody:
    """Render a problem the way this framework does by itself."""
    fields = [
        InvalidField(name=each.name, loc=each.loc, code=each.code, message=each.message) for each in problem.fields
    ]
    return ProblemBody(
        title=problem.title,
        status=problem.status,
        detail=problem.detail,
        code=problem.code,
        request_id=request_id.get(),
        subject=problem.subject or None,
        errors=fields or None,
        hint=problem.hint,
        trace=problem.trace or None,
    )


class Errors:
    """How one project answers failures: its handlers, its renderer, and those of its apps for their own routes."""

    def __init__(self, project: Project, table: Routes, settings: WebSettings) -> None:
        self._debug = project.settings.debug
        self._routes = table
        self.renderer = _project_renderer(settings)
        self.renderers: dict[str, Renderer] = {}
        self.handlers: dict[type[Exception], Handler] = {}
        for app, module in project.apps.modules("handlers"):
            own = expect(module, "handlers", dict[Any, Any])
            for kind, handler in own.items():
                if kind is Problem:
                    self.renderers[app.app_label] = _checked(handler, f"handlers[Problem] in {file_of(module)}")
                else:
                    self._add(kind, _checked(handler, f"handlers[{name_of(kind)}] in {file_of(module)}"), module)

    def _add(self, kind: Any, handler: Any, module: Any) -> None:
        if not isinstance(kind, type) or not issubclass(kind, Exception):
            raise ImproperlyConfigured(
                f"A key of `handlers` in {file_of(module)} is {kind!r}; wanted a class of exceptions, or Problem.",
                code="web.handlers",
            )
        if (other := self.handlers.setdefault(kind, handler)) is not handler:
            raise ImproperlyConfigured(
                f"Two apps handle {name_of(kind)}: {where(other)} and {where(handler)}.",
                hint="Keep one of them; an exception is handled the same wherever it is raised.",
                code="web.handlers",
            )

    @property
    def expected(self) -> set[type[Exception]]:
        """The exceptions that have an answer of their own."""
        return {*HANDLED, *self.handlers} - {Exception}

    async def respond(self, connection: HTTPConnection, error: Exception) -> Response | None:
        """Answer `error`. Returns `None` for a websocket, which is closed."""
        if isinstance(connection, WebSocket):
            return await self._close(connection, error)
        request = cast("Request", connection)
        if isinstance(error, HTTPException) and error.status_code == 404 and self._debug and is_root(request):
            return welcome(request)
        handler = self._handler(error)
        if handler is None and self._debug and (page := wanted_page(request, error)) and not isinstance(error, HANDLED):
            return page
        found = self._problem(request, error) if handler is None else await _awaited(handler(request, error))
        return found if isinstance(found, Response) else await self.render(request, found)

    async def render(self, request: Request, problem: Problem) -> Response:
        """Render a problem with the renderer of the app whose route it is, else the project's."""
        if problem.status < 200 or problem.status in (204, 205, 304):
            return Response(status_code=problem.status, headers=dict(problem.headers))
        route = self._routes.serving(request.scope)
        renderer = self.renderers.get(route.app, self.renderer) if route else self.renderer
        try:
            return _response(await _awaited(renderer(request, problem)), problem, renderer)
        except Exception:
            if renderer is render:
                raise
            _log.exception("The renderer %s failed on %r.", name_of(renderer), problem)
            return _response(render(request, problem), problem, render)

    def _problem(self, connection: HTTPConnection, error: Exception) -> Problem:
        """Return the problem that `error` is at the route of a connection."""
        problem = problem_of(error, debug=self._debug)
        if isinstance(error, DomainError) and problem.fields:
            route = self._routes.serving(connection.scope)
            dependant = getattr(route.context, "dependant", None) if route else None
            places = places_of(dependant) if dependant else {}
            located = [
                replace(each, loc=(places.get(str(each.loc[1]), "body"), *each.loc[1:])) for each in problem.fields
            ]
            return replace(problem, fields=located)
        if self._debug and isinstance(error, HTTPException) and error.status_code == 404:
            is_routed = "endpoint" in connection.scope
            return problem if is_routed else replace(problem, hint=self._routes.hint(path_of(connection.scope)))
        return problem

    def _handler(self, error: Exception) -> Handler | None:
        """Return the handler of the nearest parent, or `None` when `problem_of` is nearer."""
        for kind in type(error).__mro__:
            if kind in self.handlers:
                return self.handlers[kind]
            if kind in HANDLED:
                return None
        return None

    async def _close(self, websocket: WebSocket, error: Exception) -> None:
        """Refuse a handshake with a response, where the server can; close an open connection with its reason."""
        problem = self._problem(websocket, error)
        can_deny = "websocket.http.response" in websocket.scope.get("extensions", {})
        exchange = exchange_of(websocket.scope)
        if exchange is not None and not exchange.accepted and can_deny:
            websocket.application_state = WebSocketState.CONNECTING  # accept() may have failed on its way out
            request = Request({**websocket.scope, "type": "http", "method": "GET"})
            await websocket.send_denial_response(await self.render(request, problem))
        elif websocket.application_state is not WebSocketState.DISCONNECTED:
            reason = str(problem.detail).encode()[:120].decode(errors="ignore")
            await websocket.close(code=1013 if problem.status == 503 else 1008, reason=reason)


def model_of(renderer: Renderer) -> type[BaseModel] | None:
    """Return the model that a renderer is annotated to return, or `None`."""
    returned = get_type_hints(renderer if inspect.isroutine(renderer) else type(renderer).__call__).get("return")
    return returned if isinstance(returned, type) and issubclass(returned, BaseModel) else None


def media_type_of(renderer: Renderer) -> str:
    """Return the content type of what a renderer's model becomes."""
    return "application/problem+json" if renderer is render else "application/json"


def _response(rendered: BaseModel | Response, problem: Problem, renderer: Renderer) -> Response:
    if isinstance(rendered, Response):
        return rendered
    body = rendered.model_dump_json(exclude_none=renderer is render, by_alias=True, fallback=str)
    return Response(body, problem.status, dict(problem.headers), media_type_of(renderer))


def _project_renderer(settings: WebSettings) -> Renderer:
    if settings.errors is None:
        return render
    return cast("Renderer", _checked(import_object(settings.errors), f"web.errors {settings.errors!r}"))


def _checked(found: Any, source: str) -> Any:
    if not callable(found) or isinstance(found, type):
        raise ImproperlyConfigured(
            f"{source} is {found!r}; wanted a function of a request and a problem or exception.", code="web.handlers"
        )
    return found


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
