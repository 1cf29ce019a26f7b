"""The unit of work of a request: one scope, closed before the first byte of the answer."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest
from fastapi import FastAPI, Request
from ledger.services import Entries, Ledger
from starlette.requests import HTTPConnection

from framework.errors import FrameworkError
from framework.services import Injected
from framework.web import Inject, WebSettings, create_app, project_of, scope_of
from framework.web.dependencies import FUNCTION_STACK, Resolver


@pytest.fixture
async def ledger_app(build, client):
    project = build("ledger")
    async with client(project) as http, project.scope() as scope:
        yield http, await scope.get(Ledger)


async def test_a_request_commits_before_it_is_answered(ledger_app):
    http, ledger = ledger_app
    response = await http.post("/ledger/entries", json={"name": "a"})
    assert response.status_code == 201
    assert ledger.rows == ["a"]
    assert ledger.events == ["begin", "commit"]


async def test_all_dependencies_of_a_request_share_one_scope(ledger_app):
    http, ledger = ledger_app
    assert (await http.get("/ledger/shared")).json() is True
    assert ledger.events == ["begin", "function dependency closed", "commit", "request dependency closed"]


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("not-found", 404, "NotFound"),
        ("http-exception", 418, "HTTPException"),
        ("crash", 500, "RuntimeError"),
        ("unserialisable", 500, "ResponseValidationError"),
        ("conflict", 409, "Conflict"),
    ],
)
async def test_any_failure_rolls_back(ledger_app, path, status, reason):
    http, ledger = ledger_app
    response = await http.post(f"/ledger/entries/{path}", json={"name": "a"})
    assert response.status_code == status
    assert ledger.rows == []
    assert ledger.events == ["begin", f"rollback {reason}"]


async def test_a_request_without_inject_opens_no_scope(ledger_app):
    http, ledger = ledger_app
    assert (await http.get("/ledger/plain")).json() == {"hello": "world"}
    assert ledger.events == []


async def test_an_invalid_request_rolls_back_what_its_dependencies_began(ledger_app):
    http, ledger = ledger_app
    assert (await http.post("/ledger/entries", json={"nom": "a"})).status_code == 422
    assert ledger.events == ["begin", "rollback RequestValidationError"]


async def test_a_sync_endpoint_gets_services_too(ledger_app):
    http, _ = ledger_app
    assert (await http.get("/ledger/sync")).json() == "Entries"


async def test_a_stream_has_a_scope_of_its_own(ledger_app):
    http, ledger = ledger_app
    assert (await http.get("/ledger/stream")).text == "one,two"
    assert ledger.events == ["begin", "commit", "first chunk", "begin", "commit"]
    assert ledger.rows == ["streamed"]


async def test_a_background_task_has_a_scope_of_its_own(ledger_app):
    http, ledger = ledger_app
    assert (await http.post("/ledger/background")).status_code == 200
    assert ledger.rows == ["now", "later"]


async def test_fastapi_keeps_its_function_stack_where_the_adapter_looks(client):
    """When this fails, FastAPI has moved it: see `FUNCTION_STACK`."""
    app, order = FastAPI(), []

    @app.get("/")
    async def root(request: Request) -> str:
        stack = request.scope[FUNCTION_STACK]
        assert isinstance(stack, AsyncExitStack)
        stack.callback(order.append, "closed")
        return "ok"

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:

        async def receive():
            return {"type": "http.request", "body": b""}

        async def send(message):
            order.append(message["type"])

        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "root_path": ""}
        await app({**scope, "scheme": "http", "server": ("x", 80), "client": None}, receive, send)
        assert order == ["closed", "http.response.start", "http.response.body"]
        assert (await http.get("/")).status_code == 200


async def test_a_moved_function_stack_is_said_so(ledger_app, monkeypatch):
    http, _ = ledger_app
    monkeypatch.setattr("framework.web.dependencies.FUNCTION_STACK", "elsewhere")
    response = await http.post("/ledger/entries", json={"name": "a"})
    assert response.status_code == 500


async def test_a_cancelled_request_rolls_back(build, client):
    project, ledger = build("ledger"), Ledger()
    project.services.value(Ledger, ledger)
    async with client(project) as http:
        request = asyncio.create_task(http.post("/ledger/entries/slow", json={"name": "a"}))
        await asyncio.sleep(0.1)
        assert ledger.events == ["begin"]
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
    assert ledger.events == ["begin", "rollback CancelledError"]
    assert ledger.rows == []


async def test_requests_at_once_have_scopes_of_their_own(build, client):
    # A machine that stalls meanwhile is overload, which is not what is tested.
    project, ledger = build("ledger", web=WebSettings(load={"interval": 60})), Ledger()
    project.services.value(Ledger, ledger)
    async with client(project) as http:
        names = [str(number) for number in range(50)]
        await asyncio.gather(*(http.post("/ledger/entries", json={"name": name}) for name in names))
    assert sorted(ledger.rows, key=int) == names
    assert ledger.events.count("begin") == ledger.events.count("commit") == 50


def test_inject_leaves_no_trace_in_the_api_description(build):
    schema = create_app(build("ledger")).openapi()
    operation = schema["paths"]["/ledger/entries"]["post"]
    assert "parameters" not in operation
    assert operation["operationId"] == "ledger_create"
    assert schema["paths"]["/ledger/shared"]["get"].keys() == {"tags", "summary", "operationId", "responses"}
    assert not set(schema["components"]["schemas"]) - {"Entry", "InvalidField", "Problem"}


def test_inject_is_the_marker_that_commands_know_and_asks_once_a_type():
    *_, marker, depends = Inject[Entries].__metadata__
    assert isinstance(marker, Injected)
    assert depends.dependency == Resolver(Entries)
    assert hash(depends.dependency) == hash(Resolver(Entries))
    assert depends.dependency != Resolver(Ledger)


async def test_inject_outside_a_project_says_what_is_missing():
    app = FastAPI()

    @app.get("/")
    async def root(entries: Inject[Entries]) -> str:
        return "never"

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        with pytest.raises(FrameworkError, match="by an application that serves no project") as error:
            await http.get("/")
    assert error.value.code == "web.inject"


async def test_a_missing_service_is_a_500_that_names_it(build, client, write):
    write(
        "asking",
        routes="""
        from fastapi import APIRouter
        from framework.web import Inject
        class Nowhere: ...
        router = APIRouter()
        @router.get("/")
        async def root(thing: Inject[Nowhere]) -> str: return "never"
        """,
    )
    async with client(build("asking", debug=True)) as http:
        response = await http.get("/")
    assert response.status_code == 500
    assert "Nothing provides asking.routes.Nowhere" in response.json()["detail"]


async def test_the_unit_of_work_is_asked_for_without_inject_where_a_route_runs(build, client, write):
    name = write(
        "asker",
        routes="""
            from fastapi import APIRouter, Request
            from framework import Project
            from framework.services import Scope
            from framework.web import Inject, project_of, scope_of

            router = APIRouter()

            @router.get("/same")
            async def same(request: Request, scope: Inject[Scope], project: Inject[Project]) -> bool:
                return await scope_of(request) is scope and project_of(request) is project

            @router.get("/first")
            async def first(request: Request) -> bool:
                return await (await scope_of(request)).get(Project) is project_of(request)
        """,
        middleware="""
            from starlette.middleware import Middleware
            from starlette.requests import HTTPConnection
            from framework.web import scope_of

            def layer(app):
                async def called(scope, receive, send):
                    if scope["type"] == "http":
                        assert await scope_of(HTTPConnection(scope)) is None
                    await app(scope, receive, send)
                return called

            middleware = [Middleware(layer)]
        """,
    )
    async with client(build(name), raises=True) as http:
        assert (await http.get("/same")).json() is True
        assert (await http.get("/first")).json() is True


async def test_outside_a_project_there_is_neither_a_unit_of_work_nor_a_project():
    connection = HTTPConnection({"type": "http", "headers": []})
    assert await scope_of(connection) is None
    with pytest.raises(FrameworkError, match="serves no project") as caught:
        project_of(connection)
    assert caught.value.code == "web.inject"
