"""What only a real server shows: bytes on a socket, and when they leave."""

import json
import socket
import time
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import pytest
from ledger.services import Ledger
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from framework.web import WebSettings, create_app


@pytest.fixture
def served(build, serve):
    project, ledger = build("ledger", web=WebSettings(max_body_size=1000)), Ledger()
    project.services.value(Ledger, ledger)
    return serve(project), ledger


def raw(url: str, request: bytes, *, wait: bool = True) -> bytes:
    """Send bytes and return all that comes back; without `wait`, hang up at once."""
    parts = urlsplit(url)
    with closing(socket.create_connection((parts.hostname, parts.port))) as connection:
        connection.sendall(request)
        if not wait:
            return b""
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


def test_the_first_byte_leaves_after_the_commit(served):
    url, ledger = served
    body = b'{"name": "a"}'
    head = b"POST /ledger/entries HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    parts = urlsplit(url)
    with closing(socket.create_connection((parts.hostname, parts.port))) as connection:
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert connection.recv(1).startswith(b"H")
        assert ledger.events == ["begin", "commit"]


def test_a_failed_commit_is_no_200(served):
    url, ledger = served
    response = httpx.post(f"{url}/ledger/entries/conflict", json={"name": "a"})
    assert response.status_code == 409
    assert response.json()["errors"] == [
        {"name": "name", "loc": ["body", "name"], "code": "conflict", "message": "taken"}
    ]
    assert ledger.rows == []


def test_a_client_that_goes_away_does_not_stop_an_ordinary_endpoint(served):
    url, ledger = served
    body = b'{"name": "gone"}'
    head = b"POST /ledger/entries/slow HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    raw(url, head + b"Content-Length: %d\r\n\r\n" % len(body) + body, wait=False)
    deadline = time.monotonic() + 5
    while not ledger.rows and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ledger.rows == ["gone"]


@pytest.mark.parametrize("path", ["/ledger/plain", "/ledger/nothing", "/ledger/entries/crash", "/ledger/entries"])
def test_every_response_carries_the_request_id(served, path):
    url, _ = served
    for method in ("GET", "POST"):
        response = httpx.request(method, url + path, headers={"x-request-id": "abc-123"})
        assert response.headers.get_list("x-request-id") == ["abc-123"]
        assert response.headers["x-content-type-options"] == "nosniff"
        if response.status_code >= 400:
            assert response.json()["request_id"] == "abc-123"


def test_a_body_announced_too_large_is_a_problem(served):
    url, ledger = served
    response = httpx.post(f"{url}/ledger/entries", json={"name": "a" * 2000}, headers={"x-request-id": "big"})
    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"] == "big"
    assert response.json()["code"] == "body_too_large"
    assert response.json()["request_id"] == "big"
    assert ledger.events == []


def test_a_body_that_turns_out_too_large_is_the_same_problem(served):
    url, _ = served

    def chunks():
        yield b'{"name": "'
        for _ in range(20):
            yield b"a" * 100
        yield b'"}'

    response = httpx.post(
        f"{url}/ledger/entries", content=chunks(), headers={"content-type": "application/json", "x-request-id": "big"}
    )
    assert response.status_code == 413
    assert response.json()["code"] == "body_too_large"
    assert response.json()["request_id"] == "big"


def test_a_malformed_body_is_a_problem(served):
    url, _ = served
    response = httpx.post(f"{url}/ledger/entries", content=b"{oops", headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["code"] == "json_invalid"


def test_large_responses_are_compressed_for_who_accepts_it(build, serve, write):
    write(
        "large",
        routes="""
        from fastapi import APIRouter
        router = APIRouter()
        @router.get('/large')
        def large(): return 'x' * 5000
        @router.get('/small')
        def small(): return 'x'
        """,
    )
    url = serve(build("large"))
    large = httpx.get(f"{url}/large")
    assert large.headers["content-encoding"] == "gzip"
    assert len(large.json()) == 5000
    assert "content-encoding" not in httpx.get(f"{url}/small").headers
    plain = httpx.get(f"{url}/large", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "Accept-Encoding"


def test_a_stream_is_sent_piece_by_piece(served):
    url, ledger = served
    with httpx.stream("GET", f"{url}/ledger/stream") as response:
        pieces = list(response.iter_text())
    assert "".join(pieces) == "one,two"
    assert ledger.events == ["begin", "commit", "first chunk", "begin", "commit"]


def test_the_head_of_a_stream_leaves_at_once_and_its_own_scope_rolls_back_when_the_client_goes(served):
    url, ledger = served
    headers = {"accept-encoding": "gzip"}
    with httpx.stream("GET", f"{url}/ledger/events", headers=headers) as response:
        assert response.status_code == 200  # the first event comes in a minute
        assert response.headers["x-request-id"]
    with httpx.stream("GET", f"{url}/ledger/endless", headers=headers) as response:
        assert next(response.iter_text()).startswith("tick")
    deadline = time.monotonic() + 5
    while len(ledger.events) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ledger.events == ["begin", "rollback CancelledError"]
    assert ledger.rows == []


def websocket(url: str, path: str, **options):
    return connect(url.replace("http", "ws") + path, **options)


def test_a_websocket_commits_its_handshake_and_then_each_message(served):
    url, ledger = served
    with websocket(url, "/ledger/talk", additional_headers={"x-request-id": "ws-1"}) as talk:
        assert talk.response.headers["x-request-id"] == "ws-1"
        assert ledger.rows == ["handshake"]
        assert ledger.events == ["begin", "commit"]
        for text in ("one", "two"):
            talk.send(text)
            assert talk.recv() == f"kept {text}"
        assert ledger.rows == ["handshake", "one", "two"]
    assert ledger.events == ["begin", "commit"] * 3


@pytest.mark.parametrize(("query", "status", "code"), [("refuse", 404, "not_found"), ("conflict", 409, "conflict")])
def test_a_refused_handshake_is_a_problem(served, query, status, code):
    url, ledger = served
    with pytest.raises(InvalidStatus) as refused:
        websocket(url, f"/ledger/talk?{query}=1", additional_headers={"x-request-id": "ws-2"})
    response = refused.value.response
    assert response.status_code == status
    assert response.headers["x-request-id"] == "ws-2"
    assert json.loads(response.body)["code"] == code
    assert ledger.rows == []


def test_an_error_that_middleware_raises_refuses_the_handshake_as_well(build, serve, write):
    write(
        "guarded",
        routes="""
        from fastapi import APIRouter, WebSocket
        router = APIRouter()
        @router.websocket('/talk')
        async def talk(websocket: WebSocket): await websocket.accept()
        """,
        middleware="""
        from framework.errors import Throttled
        from starlette.middleware import Middleware
        class Guard:
            def __init__(self, app): self.app = app
            async def __call__(self, scope, receive, send):
                if scope["type"] == "websocket": raise Throttled(retry_after=7.2)
                await self.app(scope, receive, send)
        middleware = [Middleware(Guard)]
        """,
    )
    with pytest.raises(InvalidStatus) as refused:
        websocket(serve(build("guarded")), "/talk")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["retry-after"] == "8"
    assert json.loads(refused.value.response.body)["code"] == "throttled"


def test_a_handshake_with_an_invalid_parameter_is_a_problem(served):
    url, _ = served
    with websocket(url, "/ledger/rooms/7") as room:
        assert room.recv() == "7"
    with pytest.raises(InvalidStatus) as refused:
        websocket(url, "/ledger/rooms/seven")
    assert refused.value.response.status_code == 422
    assert json.loads(refused.value.response.body)["errors"][0]["loc"] == ["path", "number"]


def test_a_domain_error_closes_an_open_websocket_with_its_reason(served):
    url, _ = served
    with websocket(url, "/ledger/talk") as talk:
        talk.send("no such room")
        with pytest.raises(ConnectionClosed) as closed:
            talk.recv()
    assert closed.value.rcvd.code == 1008
    assert closed.value.rcvd.reason == "Room not found."


def test_an_unknown_host_is_refused_on_the_socket(served):
    url, _ = served
    answer = raw(url, b"GET /ledger/plain HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"code":"invalid_host"' in answer
    with pytest.raises(InvalidStatus):
        websocket(url, "/ledger/talk", additional_headers={"Host": "evil.example"})


LIMITS = """
from fastapi import APIRouter, Request
router = APIRouter()

@router.post("/usual")
async def usual(request: Request): return len(await request.body())
@router.post("/more", max_body_size=3000)
async def more(request: Request): return len(await request.body())
@router.post("/less", max_body_size=10)
async def less(request: Request): return len(await request.body())
@router.get("/usual")
async def read(request: Request): return len(await request.body())
"""


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("method", "path", "size", "status"),
    [
        ("POST", "/usual", 1000, 200),
        ("POST", "/usual", 1001, 413),
        ("GET", "/usual", 1001, 413),
        ("GET", "/usual", 0, 200),
        ("POST", "/more", 3000, 200),
        ("POST", "/more", 3001, 413),
        ("POST", "/less", 11, 413),
    ],
)
def test_a_route_may_take_larger_or_smaller_bodies_than_others(
    build, serve, write, method, path, size, status, chunked
):
    write("sizes", routes=LIMITS)
    url = serve(build("sizes", web=WebSettings(max_body_size=1000)))
    content = iter([b"a" * size]) if chunked else b"a" * size
    response = httpx.request(method, url + path, content=content)
    assert response.status_code == status
    assert response.json() == size if status == 200 else response.json()["code"] == "body_too_large"


async def test_a_body_that_nothing_announces_is_limited_where_none_has_to(build, write):
    write("sizes", routes=LIMITS)
    app = create_app(build("sizes", web=WebSettings(max_body_size=1000)))
    scope = {"type": "http", "http_version": "2", "method": "GET", "path": "/usual", "query_string": b""}
    scope |= {"headers": [(b"host", b"localhost")], "server": ("localhost", 80), "client": None, "scheme": "http"}
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"a" * 600, "more_body": True}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    assert sent[0]["status"] == 413
    assert json.loads(sent[1]["body"])["code"] == "body_too_large"


GROUPED = """
import asyncio
from starlette.middleware import Middleware

class Reading:
    def __init__(self, app): self.app = app
    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.app(scope, receive, send))

middleware = [Middleware(Reading)]
"""


def test_a_body_that_is_read_in_a_group_of_tasks_is_limited_too(build, serve, write):
    write("sizes", routes=LIMITS, middleware=GROUPED)
    url = serve(build("sizes", web=WebSettings(max_body_size=1000)))
    response = httpx.post(f"{url}/usual", content=b"a" * 1001)
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
