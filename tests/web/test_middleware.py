"""The layers around an application: ids, hosts, origins, headers, and those that apps bring."""

import logging
import zlib

import pytest

from framework.context import request_id
from framework.errors import ImproperlyConfigured
from framework.web import WebSettings, create_app
from framework.web.middleware import compression
from framework.web.middleware.hosts import Hosts

ECHO = """
from fastapi import APIRouter, Response
from framework.context import request_id

router = APIRouter()

@router.get("/id")
async def id(): return request_id.get()

@router.get("/framed")
async def framed(): return Response("x", headers={"X-Frame-Options": "SAMEORIGIN", "X-Request-ID": "upstream"})

@router.get("/crash")
async def crash(): raise RuntimeError("x")

@router.post("/body")
async def body(body: dict): return body
"""


@pytest.fixture
def echo(write):
    return write("echo", routes=ECHO)


@pytest.mark.parametrize("given", ["a", "abc-DEF_1.2:3/4+5=6~7@8", "x" * 128])
async def test_a_sane_id_of_the_caller_is_taken_over(build, client, echo, given):
    async with client(build(echo)) as http:
        response = await http.get("/id", headers={"x-request-id": given})
    assert response.json() == given
    assert response.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\tb", 'a"b', "<script>", "a,b", "a;b"])
async def test_any_other_id_is_replaced(build, client, echo, given):
    async with client(build(echo)) as http:
        response = await http.get("/id", headers={"x-request-id": given})
    assert response.json() != given
    assert len(response.json()) == 32
    assert response.headers["x-request-id"] == response.json()


async def test_ids_differ_and_end_with_their_request(build, client, echo):
    async with client(build(echo)) as http:
        found = {(await http.get("/id")).json() for _ in range(20)}
    assert len(found) == 20
    assert request_id.get() is None


async def test_the_id_of_a_caller_need_not_be_trusted(build, client, echo):
    project = build(echo, web=WebSettings(request_id={"trust": False, "header": "X-Trace"}))
    async with client(project) as http:
        response = await http.get("/id", headers={"x-trace": "mine"})
    assert response.headers["x-trace"] == response.json() != "mine"
    assert "x-request-id" not in response.headers


async def test_an_unexpected_error_carries_its_id_to_the_servers_log(build, client, echo):
    async with client(build(echo), raises=True) as http:
        with pytest.raises(RuntimeError) as error:
            await http.get("/crash", headers={"x-request-id": "crash-1"})
    assert vars(error.value)["__request_id__"] == "crash-1"


async def test_security_headers_are_there_and_a_routes_own_wins(build, client, echo):
    async with client(build(echo)) as http:
        plain, framed = await http.get("/id"), await http.get("/framed", headers={"x-request-id": "ours"})
    assert plain.headers["x-frame-options"] == "DENY"
    assert plain.headers["x-content-type-options"] == "nosniff"
    assert plain.headers["referrer-policy"] == "same-origin"
    assert plain.headers["cross-origin-opener-policy"] == "same-origin"
    assert "strict-transport-security" not in plain.headers
    assert framed.headers.get_list("x-frame-options") == ["SAMEORIGIN"]
    assert framed.headers.get_list("x-request-id") == ["ours"]


async def test_strict_transport_is_for_https_alone(build, client, echo):
    security = {
        "hsts_seconds": 60,
        "hsts_subdomains": True,
        "frame_options": None,
        "content_policy": "default-src 'self'",
    }
    project = build(echo, web=WebSettings(security=security))
    async with client(project) as http:
        plain = await http.get("/id")
        secure = await http.get("https://localhost/id")
    assert "strict-transport-security" not in plain.headers
    assert secure.headers["strict-transport-security"] == "max-age=60; includeSubDomains"
    assert "x-frame-options" not in secure.headers
    assert secure.headers["content-security-policy"] == "default-src 'self'"


@pytest.mark.parametrize(
    ("allowed", "host", "served"),
    [
        ((), b"localhost:8000", True),
        ((), b"LOCALHOST", True),
        ((), b"app.localhost", True),
        ((), b"127.0.0.1:1", True),
        ((), b"[::1]:80", True),
        ((), b"example.com", False),
        ((), b"localhost.evil.com", False),
        ((), None, False),
        ((), b"", False),
        (("example.com",), b"example.com", True),
        (("example.com",), b"example.com.", True),
        (("Example.com",), b"EXAMPLE.com:443", True),
        (("example.com",), b"www.example.com", False),
        (("example.com",), b"localhost", False),
        (("example.com",), b"example.com@evil.com", False),
        (("example.com",), b"example.com/../evil", False),
        (("example.com",), b"example.com:80:80", False),
        (("*.example.com",), b"a.b.example.com", True),
        (("*.example.com",), b"example.com", False),
        (("*.example.com",), b"evilexample.com", False),
        ((".example.com",), b"example.com", True),
        ((".example.com",), b"www.example.com", True),
        (("*",), b"any.thing", True),
        (("*",), None, True),
    ],
)
def test_hosts_are_matched_as_in_django(allowed, host, served):
    hosts = Hosts(allowed)
    assert hosts.allow(host) is served
    assert hosts.allow(host) is served  # and when it is remembered


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("https://example.com", "'example.com'"),
        ("example.com:8000", "'example.com'"),
        ("exa*mple.com", ""),
        ("a b", ""),
    ],
)
def test_a_wrong_host_pattern_fails_when_the_application_is_made(build, pattern, wanted):
    with pytest.raises(ImproperlyConfigured, match="which is no host name") as error:
        create_app(build(allowed_hosts=(pattern,)))
    assert wanted in str(error.value)


async def test_a_refused_host_is_a_problem_and_a_line_in_the_log(build, client, echo, caplog):
    async with client(build(echo)) as http:
        refused = await http.get("/id", headers={"host": "evil.example:80", "x-request-id": "h-1"})
    assert refused.status_code == 400
    assert (refused.json()["code"], refused.json()["request_id"]) == ("invalid_host", "h-1")
    assert "hint" not in refused.json()
    assert refused.headers["x-frame-options"] == "DENY"
    assert "'evil.example'" in caplog.text
    async with client(build(echo, debug=True)) as http:
        refused = await http.get("/id", headers={"host": "my.site"})
    assert "Add 'my.site' to allowed_hosts" in refused.json()["hint"]


async def test_probes_may_call_a_server_by_its_address(build, client, write):
    write(
        "probe",
        routes="""
        from fastapi import APIRouter
        router = APIRouter()
        @router.get('/health/x')
        async def x(): return 1
        """,
    )
    async with client(build("probe", allowed_hosts=("example.com",))) as http:
        assert (await http.get("/health/x", headers={"host": "10.0.0.7:8000"})).json() == 1
        assert (await http.get("/healthy", headers={"host": "10.0.0.7:8000"})).status_code == 400


CORS = WebSettings(cors={"origins": ["https://app.example"]}, max_body_size=100)


async def test_no_other_origin_is_allowed_unless_named(build, client, echo):
    async with client(build(echo)) as http:
        response = await http.get("/id", headers={"origin": "https://app.example"})
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/id", 200), ("GET", "/crash", 500), ("GET", "/no", 404), ("POST", "/body", 413)],
)
async def test_a_named_origin_can_read_every_answer(build, client, echo, method, path, status):
    async with client(build(echo, web=CORS)) as http:
        response = await http.request(
            method, path, headers={"origin": "https://app.example"}, json={"a": "b" * 200} if method == "POST" else None
        )
        other = await http.get("/id", headers={"origin": "https://evil.example"})
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == "https://app.example"
    assert response.headers["access-control-expose-headers"] == "X-Request-ID"
    assert response.headers["x-request-id"]
    assert "access-control-allow-origin" not in other.headers


async def test_a_preflight_request_is_answered(build, client, echo):
    headers = {"origin": "https://app.example", "access-control-request-method": "PUT"}
    async with client(build(echo, web=CORS)) as http:
        response = await http.options("/body", headers=headers)
    assert response.status_code == 200
    assert "PUT" in response.headers["access-control-allow-methods"]
    assert response.headers["x-request-id"]


@pytest.mark.parametrize("cors", [{"origins": ["*"], "credentials": True}, {"origins": ["example.com"]}])
def test_dangerous_or_wrong_origins_are_refused(cors):
    with pytest.raises(ValueError, match="origin"):
        WebSettings(cors=cors)


TRACED = """
from starlette.middleware import Middleware

class Traced:
    def __init__(self, app, name): self.app, self.name = app, name
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            scope.setdefault("passed", []).append(self.name)
        await self.app(scope, receive, send)

middleware = [Middleware(Traced, name="{name} 1"), Middleware(Traced, name="{name} 2")]
"""


async def test_middleware_of_apps_is_entered_in_their_order(build, client, write):
    routes = """
        from fastapi import APIRouter, Request
        router = APIRouter()
        @router.get('/passed')
        def f(request: Request): return request.scope['passed']
        """
    write("outer", middleware=TRACED.format(name="outer"))
    write("inner", middleware=TRACED.format(name="inner"), routes=routes)
    async with client(build("outer", "inner")) as http:
        assert (await http.get("/passed")).json() == ["outer 1", "outer 2", "inner 1", "inner 2"]


async def test_inner_middleware_comes_after_that_of_all_apps(build, client, write):
    routes = """
        from fastapi import APIRouter, Request
        router = APIRouter()
        @router.get('/passed')
        def f(request: Request): return request.scope['passed']
        """
    write("first", middleware=TRACED.format(name="first") + "inner_middleware = [middleware.pop()]")
    write("second", middleware=TRACED.format(name="second").replace("\nmiddleware", "\ninner_middleware"))
    write("third", middleware=TRACED.format(name="third"), routes=routes)
    async with client(build("first", "second", "third")) as http:
        assert (await http.get("/passed")).json() == [
            "first 1",
            *("third 1", "third 2"),
            *("first 2", "second 1", "second 2"),
        ]


async def test_what_middleware_of_an_app_raises_is_answered(build, client, write, echo):
    write(
        "guard",
        middleware="""
        from fastapi import HTTPException
        from framework.errors import PermissionDenied
        from starlette.middleware import Middleware

        class Guard:
            def __init__(self, app): self.app = app
            async def __call__(self, scope, receive, send):
                if scope["type"] == "http" and scope["query_string"] == b"no":
                    raise PermissionDenied()
                if scope["type"] == "http" and scope["query_string"] == b"tea":
                    raise HTTPException(418)
                if scope["type"] == "http" and scope["query_string"] == b"crash":
                    raise RuntimeError("crash")
                await self.app(scope, receive, send)

        middleware = [Middleware(Guard)]
        """,
    )
    project = build("guard", echo)
    async with client(project, raises=True) as http:
        assert (await http.get("/id?no")).json()["code"] == "permission_denied"
        assert (await http.get("/id?tea")).status_code == 418
    async with client(project) as http:
        assert (await http.get("/id?crash")).json()["code"] == "internal_error"
        assert (await http.get("/id")).status_code == 200


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("middleware = [print]", "holds <built-in function print>; wanted starlette's `Middleware`"),
        ("middleware = ()", "`middleware` in .* is tuple; wanted `middleware = list"),
        ("layers = []", "defines no `middleware`"),
        ("inner_middleware = [print]", "`inner_middleware` in .* holds <built-in function print>"),
    ],
)
def test_wrong_middleware_is_named(build, write, source, message):
    write("one", middleware=source)
    with pytest.raises(ImproperlyConfigured, match=message):
        create_app(build("one"))


async def test_middleware_added_by_hand_works_as_in_fastapi(build, client, echo):
    app = create_app(build(echo))

    @app.middleware("http")
    async def stamp(request, call_next):
        response = await call_next(request)
        response.headers["x-stamp"] = request_id.get()
        return response

    async with client(app) as http:
        response = await http.get("/id", headers={"x-request-id": "stamped"})
    assert response.headers["x-stamp"] == "stamped"


async def test_one_line_is_logged_a_request(build, client, write, caplog):
    write(
        "items",
        routes="""
        from fastapi import APIRouter
        router = APIRouter(prefix='/items')
        @router.get('/{id}')
        async def read(id: str): return id
        @router.get('/{id}/crash')
        async def crash(id: str): raise RuntimeError
        """,
    )
    with caplog.at_level(logging.INFO, logger="framework.requests"):
        async with client(build("items", web=WebSettings(prefix="/api"))) as http:
            for path in ("/api/items/secret-token", "/api/items/7/crash", "/nowhere%0Aforged"):
                await http.get(path)
            await http.get("/api/items/1", headers={"host": "evil.example"})
    lines = [
        record.getMessage().rpartition(" in ")[0] for record in caplog.records if record.name == "framework.requests"
    ]
    assert lines == [
        "GET /api/items/{id} 200",
        "GET /api/items/{id}/crash 500",
        r"GET /nowhere\nforged 404",
        "GET /api/items/1 400",
    ]
    record = next(record for record in caplog.records if record.name == "framework.requests")
    assert (
        vars(record).items()
        >= {"method": "GET", "route": "/api/items/{id}", "status": 200, "client": "127.0.0.1"}.items()
    )
    assert "secret-token" not in str(vars(record))


async def test_telemetry_is_off_unless_configured(build, echo):
    off = create_app(build(echo))
    assert not off._native_telemetry.enabled()
    assert not any(off._telemetry[signal] for signal in ("tracing", "metrics", "logs"))
    on = create_app(build(echo, web=WebSettings(telemetry={"enabled": True, "metrics": False})))
    assert on._telemetry["tracing"]
    assert not on._telemetry["metrics"]
    exclude = on._telemetry["exclude"]
    assert exclude({"path": "/health/live"})
    assert not exclude({"path": "/posts"})


async def test_gzip_can_be_turned_off(build, client, write):
    write(
        "large",
        routes="""
        from fastapi import APIRouter
        router = APIRouter()
        @router.get('/large')
        async def large(): return 'x' * 5000
        """,
    )
    async with client(build("large", web=WebSettings(gzip={"enabled": False}))) as http:
        assert "content-encoding" not in (await http.get("/large")).headers


async def test_what_might_be_compressed_says_so_also_to_who_takes_no_gzip(build, client, write):
    write(
        "large",
        routes="""
        from fastapi import APIRouter, Response
        from starlette.responses import StreamingResponse
        router = APIRouter()
        @router.get('/text')
        async def text(): return 'x' * 5000
        @router.get('/small')
        async def small(): return 'x'
        @router.get('/varied')
        async def varied(): return Response('x' * 5000, headers={"Vary": "Origin"})
        @router.get('/stream')
        async def stream(): return StreamingResponse(iter(['x']), media_type="text/plain")
        @router.get('/image')
        async def image(): return Response('x' * 5000, media_type="image/png")
        @router.get('/part')
        async def part(): return Response('x' * 5000, 206)
        @router.get('/nothing', status_code=204)
        async def nothing(): pass
        @router.get('/encoded')
        async def encoded(): return Response('x' * 5000, headers={"Content-Encoding": "own"})
        """,
    )
    paths = ("text", "small", "varied", "stream", "image", "part", "nothing", "encoded")
    told = []
    async with client(build("large")) as http:
        for path in paths:
            answer = await http.get(f"/{path}", headers={"Accept-Encoding": "identity"})
            assert answer.headers.get("content-encoding") in (None, "own")
            told.append(answer.headers.get("vary"))
        assert (await http.get("/text")).headers["content-encoding"] == "gzip"
    assert told == ["Accept-Encoding", None, "Origin, Accept-Encoding", "Accept-Encoding", None, None, None, None]


TAGGED = """
from fastapi import APIRouter, Response
from starlette.responses import StreamingResponse
router = APIRouter()
TAG = {"ETag": 'W/"a"'}
@router.get('/tagged')
async def tagged(letter: str = "a"): return Response(letter * 5000, headers=TAG)
@router.get('/plain')
async def plain(): return Response('a' * 5000)
@router.get('/stream')
async def stream(parts: int = 2): return StreamingResponse(iter(['a' * 5000] * parts), headers=TAG)
@router.get('/view')
async def view(): return Response(memoryview(b'a' * 5000), headers=TAG)
"""


@pytest.fixture
def compressions(monkeypatch):
    """How often a body was compressed."""
    made = []

    def compressor(*args):
        made.append(args)
        return compressobj(*args)

    compressobj = zlib.compressobj
    monkeypatch.setattr(zlib, "compressobj", compressor)
    return made


async def test_what_is_sent_again_with_a_tag_is_compressed_once(build, client, write, compressions):
    write("large", routes=TAGGED)
    async with client(build("large")) as http:
        for letter in "aba":
            for _ in range(3):
                answer = await http.get("/tagged", params={"letter": letter})
                assert answer.text == letter * 5000
                assert (answer.headers["content-encoding"], answer.headers["etag"]) == ("gzip", 'W/"a"')
                assert answer.headers["vary"] == "Accept-Encoding"
                assert int(answer.headers["content-length"]) < 100
        assert len(compressions) == 2
        assert (await http.get("/tagged", headers={"Accept-Encoding": "identity"})).text == "a" * 5000
        for parts in (2, 3):
            assert (await http.get("/stream", params={"parts": parts})).text == "a" * 5000 * parts
        assert [(await http.get(path)).text for path in ("/view", "/plain", "/plain")] == ["a" * 5000] * 3
        assert len(compressions) == 7


async def test_what_was_compressed_takes_no_more_than_some_room(build, client, write, compressions, monkeypatch):
    write("large", routes=TAGGED)
    monkeypatch.setattr(compression, "MOST", 12_000)
    async with client(build("large")) as http:
        for letter in "abaca":
            assert (await http.get("/tagged", params={"letter": letter})).text == letter * 5000
        assert len(compressions) == 3
        await http.get("/tagged", params={"letter": "b"})
        assert len(compressions) == 4
