"""Finding a route by its path: the same that trying them all in order finds, whatever the paths look like."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route

from framework.web.dispatch import Dispatch, Tree, narrow


class Anything(Convertor[str]):
    regex = ".*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("anything", Anything())

NAMES = ["", "a", "b", "ab", "{x}", "{x:int}", "{x:path}", "a{x}", "{x}.b", "{x:anything}", "{x:uuid}"]
PATHS = ["", "a", "b", "ab", "1", "a.b", "%2F", "-", "\n", "a\n", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"]
METHODS = ["GET", "POST"]


def unique(segments: list[str]) -> str:
    """Return a template whose parameters have different names."""
    named = [segment.replace("{x", f"{{x{place}") for place, segment in enumerate(segments)]
    return "/" + "/".join(named)


templates = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(unique)
routes = st.lists(st.tuples(templates, st.sampled_from(METHODS)), min_size=1, max_size=6)
paths = st.lists(st.sampled_from(PATHS), min_size=1, max_size=4).map(lambda segments: "/" + "/".join(segments))


def echo(number: int) -> Any:
    async def endpoint(request: Any) -> PlainTextResponse:
        return PlainTextResponse(f"{number} {request.path_params}")

    return endpoint


def app_of(apps: list[list[tuple[str, str]]], *, is_flat: bool) -> FastAPI:
    """Return an application of some included routers, one of which holds another, a mounted one and a host."""
    app = FastAPI()
    number = 0
    for router_routes in apps:
        router, inner = APIRouter(), APIRouter(prefix="/a")
        for place, (template, method) in enumerate(router_routes):
            kind = inner if place % 3 == 2 else router
            if place % 3 == 1:
                router.routes.append(Route(template, echo(number), methods=[method]))
            else:
                kind.add_api_route(template, told(number), methods=[method])
            number += 1
        router.include_router(inner)
        router.routes.append(Mount("/b/m", Starlette(routes=[Route("/{rest:path}", echo(number))])))
        router.routes.append(Host("never.example", app=Starlette()))
        app.include_router(router)
        if is_flat:
            narrow_all(app.router.routes[-1])
    if is_flat:
        app.router.routes.insert(0, Dispatch(app.router.routes))
    return app


def told(number: int) -> Any:
    async def endpoint() -> str:
        return str(number)

    return endpoint


def narrow_all(included: Any) -> None:
    candidates = included.effective_candidates()
    included.effective_candidates = lambda: candidates
    for candidate in candidates:
        if hasattr(candidate, "effective_candidates"):
            narrow_all(candidate)
    narrow(included)


async def answer(app: FastAPI, method: str, path: str) -> tuple[Any, ...]:
    """Return how a path is answered, also one that no client would send."""
    scope = {"type": "http", "http_version": "1.1", "method": method, "path": path, "query_string": b"", "headers": []}
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await app({**scope, "scheme": "http", "server": ("localhost", 80), "client": None}, receive, send)
    headers = dict(sent[0]["headers"])
    return sent[0]["status"], sent[1]["body"], headers.get(b"location"), headers.get(b"allow")


async def receive() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


@given(apps=st.lists(routes, min_size=1, max_size=3), asked=st.lists(paths, min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
async def test_every_request_is_answered_as_by_trying_all_routes_in_order(apps, asked):
    flat, linear = app_of(apps, is_flat=True), app_of(apps, is_flat=False)
    for path in (*asked, "/b/m", "/b/m/x/y", "/docs", "/a/", "/nowhere"):
        for method in METHODS:
            expected = await answer(linear, method, path)
            assert await answer(flat, method, path) == expected, (method, path)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/posts", [0]),
        ("/posts/", [1]),
        ("/posts/new", [2, 3]),
        ("/posts/7", [3]),
        ("/files/a/b/c", [4]),
        ("/files", [4]),  # one too many, which matches nothing there
        ("/v/v1.2/x", [5]),
        ("/", []),
        ("/posts/7/8", []),
    ],
)
def test_only_those_routes_are_tried_that_the_path_may_be_of(path, found):
    router = APIRouter()
    for template in ("/posts", "/posts/", "/posts/new", "/posts/{id}", "/files/{path:path}", "/v/v{version}/x"):
        router.add_api_route(template, told(0))
    candidates = [
        SimpleNamespace(
            path_format=route.path_format, path_regex=re.compile(""), param_convertors=route.param_convertors
        )
        for route in router.routes
    ]
    assert Tree(candidates).find(path) == found


async def test_only_one_route_of_hundreds_is_tried(build, write, client):
    routes = "from fastapi import APIRouter\nrouter = APIRouter()\n"
    routes += "\n".join(
        f"@router.get('/r{number}/{{id}}')\nasync def read_{number}(id: int): return {number}" for number in range(300)
    )
    write("many", routes=routes)
    tried = []
    async with client(build("many")) as http:
        app = http._transport.app
        for route in app.router.routes:
            for candidate in getattr(route, "effective_candidates", list)():
                context = candidate
                matches = context.matches
                context.matches = lambda scope, matches=matches, path=context.path_format: (
                    tried.append(path) or matches(scope)
                )
        assert (await http.get("/r299/7")).json() == 299
    assert {*tried} == {"/r299/{id}"}


async def test_what_is_added_later_is_served_too(build, write, client):
    write("early", routes="from fastapi import APIRouter\nrouter = APIRouter()\n")
    async with client(build("early")) as http:
        http._transport.app.add_api_route("/late", told(5))
        assert (await http.get("/late")).json() == "5"
