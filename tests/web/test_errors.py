"""Every failure becomes a problem, and a problem what its renderer makes of it."""

import logging

import pytest

from framework.errors import ImproperlyConfigured
from framework.web import WebSettings, create_app

FAILING = """
from fastapi import APIRouter, HTTPException
from framework.errors import *
from pydantic import BaseModel

router = APIRouter(prefix="/fail")

class Address(BaseModel):
    street: str
    number: int

class Order(BaseModel):
    title: str
    password: int
    address: Address

class Odd(DomainError):
    code = "odd"

class Gone(NotFound):
    code = "gone"

CASES = {
    "not_found": lambda: NotFound("article"),
    "conflict": lambda: Conflict("user", fields={"email": "is taken"}, hint="Only for developers."),
    "invalid": lambda: Invalid(fields={"a.b": "no", "c": "nor this"}),
    "denied": lambda: PermissionDenied(),
    "missing": lambda: Unauthenticated(),
    "expired": lambda: Unauthenticated("expired"),
    "login": lambda: Unauthenticated("login"),
    "unavailable": lambda: Unavailable(retry_after=1.2),
    "odd": lambda: Odd("thing", detail="Odd."),
    "gone": lambda: Gone("page"),
    "http": lambda: HTTPException(409, detail="Taken", headers={"X-Why": "so"}),
    "http-missing": lambda: HTTPException(404),
    "http-json": lambda: HTTPException(400, detail={"code": 7}),
    "not-modified": lambda: HTTPException(304),
    "crash": lambda: RuntimeError("the password is <hunter2>"),
}

@router.get("/{case}")
async def fail(case: str): raise CASES[case]()

@router.post("/orders")
async def order(order: Order): return order
"""


@pytest.fixture
def failing(write):
    return write("failing", routes=FAILING)


@pytest.mark.parametrize(
    ("case", "status", "body"),
    [
        ("not_found", 404, {"code": "not_found", "title": "Not Found", "detail": "Article not found."}),
        ("denied", 403, {"code": "permission_denied", "title": "Forbidden"}),
        ("odd", 400, {"code": "odd", "detail": "Odd.", "subject": "thing"}),
        ("gone", 404, {"code": "gone", "subject": "page"}),
        ("http", 409, {"code": "conflict", "detail": "Taken"}),
        ("http-json", 400, {"code": "bad_request", "detail": {"code": 7}}),
        ("login", 401, {"code": "login_failed"}),
        ("crash", 500, {"code": "internal_error", "detail": "The server could not complete the request."}),
    ],
)
async def test_every_failure_is_a_problem(build, client, failing, case, status, body):
    async with client(build(failing)) as http:
        response = await http.get(f"/fail/{case}")
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    found = response.json()
    assert body.items() <= found.items()
    assert found["status"] == status
    assert found["type"] == "about:blank"
    assert found["request_id"] == response.headers["x-request-id"]


async def test_fields_are_named_and_hints_stay_at_home(build, client, failing):
    async with client(build(failing)) as http:
        conflict = (await http.get("/fail/conflict")).json()
        invalid = (await http.get("/fail/invalid")).json()
    assert conflict["errors"] == [
        {"name": "email", "loc": ["body", "email"], "code": "conflict", "message": "is taken"}
    ]
    assert "developers" not in str(conflict)
    assert [error["loc"] for error in invalid["errors"]] == [["body", "a", "b"], ["body", "c"]]


PLACES = """
    from typing import Annotated
    from fastapi import APIRouter, Depends, Query
    from pydantic import BaseModel, Field
    from framework.errors import Invalid
    class Search(BaseModel):
        order: str = ""
        since: str = Field("", alias="from")
    class Fields(BaseModel):
        title: str
    def paging(cursor: str = ""): ...
    router = APIRouter()
    @router.get("/things/{id}", dependencies=[Depends(paging)])
    def read(id: int, search: Annotated[Search, Query()]):
        raise Invalid(fields=dict.fromkeys(["id", "order", "from", "cursor", "other"], "no"))
    @router.put("/things/{id}")
    def write(id: int, fields: Fields, title: str = "", dry: bool = False):
        raise Invalid(fields=dict.fromkeys(["id", "title", "dry", "other.id"], "no"))
    """


async def test_a_field_stands_where_the_route_takes_it_from(build, client, write):
    write("places", routes=PLACES)
    async with client(build("places")) as http:
        read = (await http.get("/things/1")).json()["errors"]
        written = (await http.put("/things/1", json={"title": "a"})).json()["errors"]
    assert [error["loc"] for error in read] == [
        ["path", "id"],
        ["query", "order"],
        ["query", "from"],
        ["query", "cursor"],
        ["body", "other"],
    ]
    assert [error["loc"] for error in written] == [
        ["path", "id"],
        ["body", "title"],
        ["query", "dry"],
        ["body", "other", "id"],
    ]


async def test_hints_are_shown_in_debug(build, client, failing):
    async with client(build(failing, debug=True)) as http:
        assert (await http.get("/fail/conflict")).json()["hint"] == "Only for developers."


async def test_headers_of_a_failure_are_sent(build, client, failing):
    async with client(build(failing)) as http:
        assert (await http.get("/fail/unavailable")).headers["retry-after"] == "2"
        assert (await http.get("/fail/missing")).headers["www-authenticate"] == "Bearer"
        assert (await http.get("/fail/expired")).headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert (await http.get("/fail/http")).headers["x-why"] == "so"
        assert (await http.post("/fail/crash")).headers["allow"] == "GET"


async def test_a_status_without_a_body_has_none(build, client, failing):
    async with client(build(failing)) as http:
        response = await http.get("/fail/not-modified")
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["x-request-id"]


async def test_validation_keeps_the_locations_of_fastapi_and_echoes_no_input(build, client, failing):
    async with client(build(failing)) as http:
        response = await http.post("/fail/orders", json={"password": "hunter2", "address": {"number": 1}})
    assert response.status_code == 422
    body = response.json()
    assert body["code"] == "invalid"
    assert body["detail"] == "3 values are invalid: title, password, address.street"
    assert [(error["name"], error["loc"], error["code"]) for error in body["errors"]] == [
        ("title", ["body", "title"], "missing"),
        ("password", ["body", "password"], "int_parsing"),
        ("address.street", ["body", "address", "street"], "missing"),
    ]
    assert "hunter2" not in response.text


async def test_unknown_paths_and_methods_are_problems(build, client, failing):
    async with client(build(failing)) as http:
        missing = await http.get("/nowhere")
        method = await http.put("/fail/crash")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert (method.status_code, method.json()["code"]) == (405, "method_not_allowed")
    assert missing.json()["request_id"]


async def test_in_debug_an_unknown_path_is_told_which_one_is_near(build, client, failing):
    async with client(build(failing, debug=True)) as http:
        assert (await http.get("/fail/orders/")).status_code == 307
        near, far = (await http.get("/fial/orders")).json(), (await http.get("/x")).json()
        raised = (await http.get("/fail/http-missing")).json()
    assert near["hint"] == "Did you mean '/fail/orders'? There are 2 routes: manage.py routes"
    assert far["hint"] == "There are 2 routes: manage.py routes"
    assert "hint" not in raised
    async with client(build(failing)) as http:
        assert "hint" not in (await http.get("/fial/orders")).json()


async def test_an_unexpected_error_still_reaches_the_server(build, client, failing):
    async with client(build(failing), raises=True) as http:
        with pytest.raises(RuntimeError, match="hunter2"):
            await http.get("/fail/crash")


@pytest.mark.parametrize("headers", [{"accept": "text/html"}, {"user-agent": "curl/8.5"}, {"accept": "*/*"}])
async def test_outside_debug_nobody_sees_internals(build, client, failing, headers):
    async with client(build(failing)) as http:
        response = await http.get("/fail/crash", headers=headers)
    assert response.status_code == 500
    for secret in ("hunter2", "RuntimeError", "routes.py", "Traceback", "hint"):
        assert secret not in response.text


async def test_debug_shows_a_page_to_a_browser(build, client, failing):
    headers = {"accept": "text/html,*/*", "cookie": "session=secret", "x-request-id": "page-1"}
    async with client(build(failing, debug=True)) as http:
        response = await http.get("/fail/crash?q=<script>", headers=headers)
    assert response.status_code == 500
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["x-request-id"] == "page-1"
    assert "RuntimeError" in response.text
    assert "the password is &lt;hunter2&gt;" in response.text
    assert "failing/routes.py" in response.text
    assert "page-1" in response.text
    assert "<script>" not in response.text
    assert "session=secret" not in response.text
    assert '<details class="own" open>' in response.text


async def test_the_debug_page_shows_what_caused_the_error(build, client, write):
    write(
        "caused",
        routes="""
        from fastapi import APIRouter
        router = APIRouter()

        def inner():
            raise KeyError("the <cause>")

        @router.get("/")
        async def root():
            try:
                inner()
            except KeyError as error:
                raise ValueError("the effect") from error
        """,
    )
    async with client(build("caused", debug=True)) as http:
        page = (await http.get("/", headers={"accept": "text/html"})).text
    assert "<small>ValueError</small>" in page
    assert "Caused by KeyError: &#x27;the &lt;cause&gt;&#x27;" in page
    assert page.index("the effect") < page.index("Caused by") < page.index("in inner")
    assert "<mark>" in page


async def test_debug_shows_the_trace_to_a_terminal(build, client, failing):
    async with client(build(failing, debug=True)) as http:
        response = await http.get("/fail/crash", headers={"user-agent": "curl/8.5.0", "accept": "*/*"})
    assert response.status_code == 500
    assert response.headers["content-type"].startswith("text/plain")
    assert response.text.startswith("Traceback (most recent call last)")
    assert "RuntimeError: the password is <hunter2>" in response.text


async def test_debug_gives_a_program_a_problem_with_the_trace(build, client, failing):
    async with client(build(failing, debug=True)) as http:
        body = (await http.get("/fail/crash")).json()
    assert body["detail"] == "RuntimeError: the password is <hunter2>"
    assert body["trace"][0] == "Traceback (most recent call last):"


ENVELOPE = """
from fastapi import Request
from framework.web import Problem
from pydantic import BaseModel

class Envelope(BaseModel):
    ok: bool = False
    why: str
    path: str
    extra: str | None = None

def render(request: Request, problem: Problem) -> Envelope:
    return Envelope(why=problem.code, path=request.url.path)
"""


async def test_a_project_renders_its_own_envelope_everywhere(build, client, failing, write):
    write("own", errors=ENVELOPE)
    project = build(failing, web=WebSettings(errors="own.errors:render"))
    async with client(project) as http:
        assert (await http.get("/fail/not_found")).json() == {
            "ok": False,
            "why": "not_found",
            "path": "/fail/not_found",
            "extra": None,
        }
        assert (await http.get("/nowhere")).json()["path"] == "/nowhere"
        assert (await http.post("/fail/orders", json={})).json()["why"] == "invalid"
        crash = await http.get("/fail/crash")
        assert (crash.status_code, crash.json()["why"]) == (500, "internal_error")
        assert crash.headers["content-type"] == "application/json"
        host = await http.get("/fail/crash", headers={"host": "evil.example"})
        assert (host.status_code, host.json()["why"]) == (400, "invalid_host")
    schema = create_app(project).openapi()
    content = schema["paths"]["/fail/orders"]["post"]["responses"]["422"]["content"]
    assert content == {"application/json": {"schema": {"$ref": "#/components/schemas/Envelope"}}}
    assert "HTTPValidationError" not in str(schema)
    assert "ValidationError" not in schema["components"]["schemas"]


async def test_an_app_renders_its_own_routes_alone(build, client, failing, write):
    write(
        "teapot",
        routes="""
        from fastapi import APIRouter
        from framework.errors import NotFound
        router = APIRouter(prefix="/tea")
        @router.get("/{id}")
        async def read(id: int): raise NotFound("tea")
        """,
        handlers="""
        from fastapi import Request, Response
        from framework.web import Problem
        async def render(request: Request, problem: Problem) -> Response:
            return Response(f"no tea: {problem.status}", problem.status, media_type="text/plain")
        handlers = {Problem: render}
        """,
    )
    project = build(failing, "teapot")
    async with client(project) as http:
        assert (await http.get("/tea/1")).text == "no tea: 404"
        assert (await http.get("/tea/x")).text == "no tea: 422"
        assert (await http.get("/tea")).json()["code"] == "not_found"
        assert (await http.get("/fail/not_found")).json()["code"] == "not_found"
    schema = create_app(project).openapi()
    assert (
        "content" not in schema["paths"]["/tea/{id}"]["get"]["responses"]["422"]
        or not (schema["paths"]["/tea/{id}"]["get"]["responses"]["422"]["content"])
    )
    problem = schema["paths"]["/fail/orders"]["post"]["responses"]["422"]["content"]
    assert problem == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


async def test_an_app_handles_its_own_exceptions_wherever_they_are_raised(build, client, write):
    write(
        "bank",
        routes="""
        from fastapi import APIRouter
        from bank.handlers import Declined, Limit
        router = APIRouter()
        @router.get("/declined")
        async def declined(): raise Declined("card")
        @router.get("/limit")
        async def limit(): raise Limit()
        @router.get("/other")
        async def other(): raise LookupError("x")
        """,
        handlers="""
        from fastapi import Request, Response
        from framework.web import Problem
        class Declined(Exception): pass
        class Limit(Declined): pass
        def declined(request: Request, error: Declined) -> Problem:
            return Problem(402, "declined", detail=str(error))
        def anything(request: Request, error: Exception) -> Problem:
            return Problem(500, "anything")
        handlers = {Declined: declined, Exception: anything}
        """,
    )
    async with client(build("bank", debug=True)) as http:
        declined = await http.get("/declined")
        assert (declined.status_code, declined.json()["code"]) == (402, "declined")
        assert declined.json()["title"] == "Payment Required"
        assert (await http.get("/limit")).json()["code"] == "declined"
        other = await http.get("/other", headers={"accept": "text/html"})
        assert (other.status_code, other.json()["code"]) == (500, "anything")
        assert (await http.get("/nowhere")).json()["code"] == "not_found"


def test_two_apps_that_handle_one_exception_are_an_error(build, write):
    for name in ("one", "two"):
        write(name, handlers="def handle(request, error): ...\nhandlers = {LookupError: handle}\n")
    with pytest.raises(ImproperlyConfigured, match=r"Two apps handle LookupError: .*one/handlers.py:1 and .*two/h"):
        create_app(build("one", "two"))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("handlers = {int: print}", "wanted a class of exceptions, or Problem"),
        ("handlers = {'x': print}", "wanted a class of exceptions, or Problem"),
        ("handlers = {LookupError: 3}", r"handlers\[LookupError\] in .*handlers.py is 3; wanted a function"),
        ("handlers = []", "`handlers` in .*handlers.py is list; wanted `handlers = dict"),
    ],
)
def test_a_wrong_handler_is_named(build, write, source, message):
    write("one", handlers=source)
    with pytest.raises(ImproperlyConfigured, match=message):
        create_app(build("one"))


@pytest.mark.parametrize("path", ["nowhere.errors:render", "failing.routes:nothing", "failing.routes:Order"])
def test_a_wrong_renderer_fails_when_the_application_is_made(build, failing, path):
    with pytest.raises(ImproperlyConfigured):
        create_app(build(failing, web=WebSettings(errors=path)))


async def test_a_renderer_that_fails_is_logged_and_replaced(build, client, failing, write, caplog):
    write("own", errors="def render(request, problem): raise ValueError('broken renderer')\n")
    with caplog.at_level(logging.ERROR):
        async with client(build(failing, web=WebSettings(errors="own.errors:render"))) as http:
            response = await http.get("/fail/not_found")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert "broken renderer" in caplog.text


async def test_a_route_that_describes_its_own_422_keeps_it(build, write):
    write(
        "own422",
        routes="""
        from fastapi import APIRouter
        from pydantic import BaseModel
        class Mine(BaseModel):
            mine: int
        class Problem(BaseModel):
            taken: str
        router = APIRouter()
        @router.get("/a/{id}", responses={422: {"model": Mine}})
        def a(id: int) -> Problem: ...
        @router.get("/b/{id}")
        def b(id: int) -> Problem: ...
        """,
    )
    schema = create_app(build("own422")).openapi()
    assert schema["paths"]["/a/{id}"]["get"]["responses"]["422"]["content"] == {
        "application/json": {"schema": {"$ref": "#/components/schemas/Mine"}}
    }
    assert schema["components"]["schemas"]["Problem"]["properties"].keys() == {"taken"}
    assert schema["paths"]["/b/{id}"]["get"]["responses"]["422"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/framework__web__errors__ProblemBody"}}
    }


ANSWERS = """
    from typing import Annotated
    from fastapi import APIRouter, Depends
    from framework.web import Public
    from framework.web.rule import Rule
    class Keys(Rule): ...
    class Found:
        problems = (404,)
        def __call__(self): ...
    router = APIRouter(dependencies=[Keys()])
    @router.get("/closed")
    def closed(): ...
    @router.get("/open")
    def open_(nobody: Annotated[None, Public]): ...
    @router.post("/body", dependencies=[Public])
    def body(item: dict): ...
    @router.post("/small", dependencies=[Public], max_body_size=10)
    def small(item: dict): ...
    @router.get("/found", dependencies=[Public, Depends(Found())])
    def found(): ...
    @router.get("/stated", responses={401: {"description": "Who?", "content": {"text/plain": {}}}, 404: {}, "5XX": {}})
    def stated(): ...
    """


def test_a_route_says_what_its_rules_its_dependencies_and_the_limit_of_bodies_may_answer(build, write):
    write("answers", routes=ANSWERS)
    paths = create_app(build("answers")).openapi()["paths"]
    answers = {path: next(iter(item.values()))["responses"] for path, item in paths.items()}
    assert {path: {*found} - {"200"} for path, found in answers.items()} == {
        "/closed": {"401", "403"},
        "/open": set(),
        "/body": {"413", "422"},
        "/small": {"413", "422"},
        "/found": {"404"},
        "/stated": {"401", "403", "404", "5XX"},
    }
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert answers["/closed"]["401"] == {"description": "Unauthorized", "content": content}
    assert answers["/stated"]["401"] == {"description": "Who?", "content": {"text/plain": {}}}
    assert answers["/stated"]["404"] == {"description": "Not Found", "content": content}
    assert answers["/stated"]["5XX"]["content"] == content
    paths = create_app(build("answers", web=WebSettings(max_body_size=None))).openapi()["paths"]
    assert "413" not in paths["/body"]["post"]["responses"]
    assert "413" in paths["/small"]["post"]["responses"]


async def test_the_schema_is_rewritten_once_and_again_for_new_routes(build, failing):
    app = create_app(build(failing))
    assert app.openapi() is app.openapi()

    @app.get("/more/{id}")
    def more(id: int): ...

    schema = app.openapi()
    assert "problem+json" in str(schema["paths"]["/more/{id}"])


@pytest.mark.parametrize("key", ["", "short"])
def test_a_bad_secret_key_is_not_served_outside_debug(build, key):
    with pytest.raises(ImproperlyConfigured, match="Not served: secret_key"):
        create_app(build(secret_key=key))
    create_app(build(secret_key=key, debug=True))


async def test_the_welcome_page_stands_where_nothing_else_does(build, client, failing, write):
    async with client(build(failing, debug=True)) as http:
        page = await http.get("/")
        assert page.status_code == 200
        assert "It works" in page.text
        assert "failing" in page.text
        assert (await http.get("/other")).status_code == 404
        assert (await http.post("/")).status_code == 404
    async with client(build(failing)) as http:
        assert (await http.get("/")).status_code == 404
    write(
        "root",
        routes="""
        from fastapi import APIRouter
        router = APIRouter()
        @router.get('/')
        def root(): return 'mine'
        """,
    )
    async with client(build("root", debug=True)) as http:
        assert (await http.get("/")).json() == "mine"
