"""Overload, deadlines and slow clients, as seen through sockets."""

import asyncio
import json
import re
import socket
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from importlib import import_module
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from framework.web import WebSettings, create_app

ROUTES = """
import asyncio, threading, time
from fastapi import APIRouter, Request, WebSocket
from starlette.responses import StreamingResponse
from framework.web import Deadline

router = APIRouter()
seen = []

@router.get("/quick")
async def quick(): return "quick"

@router.get("/slow")
async def slow(seconds: float = 0.2):
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        seen.append("cancelled")
        raise
    return "slow"

@router.get("/seen")
async def get_seen(): return seen

@router.get("/busy")
async def busy(seconds: float = 0.05):
    time.sleep(seconds)
    return "busy"

held, let_go = threading.Event(), threading.Event()

@router.get("/held")
async def hold():
    held.set()
    let_go.wait(20)

@router.get("/short", dependencies=[Deadline(0.2)])
async def short(): await asyncio.sleep(5)

@router.get("/long", dependencies=[Deadline(None)])
async def long():
    await asyncio.sleep(1)
    return "long"

@router.get("/thread", dependencies=[Deadline(0.2)])
def thread(): time.sleep(0.6)

@router.get("/stubborn", dependencies=[Deadline(0.2)])
async def stubborn():
    try:
        await asyncio.sleep(5)
    except asyncio.CancelledError:
        return "all the same"

@router.get("/stream")
async def stream():
    async def pieces():
        for _ in range(6):
            await asyncio.sleep(0.2)
            yield b"x"
    return StreamingResponse(pieces())

@router.get("/large")
async def large():
    async def pieces():
        try:
            for _ in range(2000):
                yield b"x" * 100_000
        finally:
            seen.append("stream closed")
    return StreamingResponse(pieces(), headers={"content-encoding": "identity"})

@router.post("/body")
async def body(request: Request): return len(await request.body())

at_work, most_at_work = 0, 0

@router.post("/work")
async def work(request: Request):
    global at_work, most_at_work
    await request.body()
    at_work += 1
    most_at_work = max(most_at_work, at_work)
    await asyncio.sleep(0.1)
    at_work -= 1

@router.get("/read")
async def read(request: Request): return len(await request.body())

@router.post("/parsed")
async def parsed(value: dict): return value

@router.get("/health/x")
async def health(): return "well"

@router.websocket("/talk")
async def talk(websocket: WebSocket):
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)

@router.websocket("/handshake")
async def handshake(websocket: WebSocket): await asyncio.sleep(5)
"""


@pytest.fixture
def run(build, serve, write):
    """Serve the routes with the given load and time limits."""

    def run(*, load=None, **timeouts):
        name = write("load", routes=ROUTES)
        return serve(build(name, web=WebSettings(load=load or {}, timeouts=timeouts, max_body_size=None)))

    return run


def seen(url: str, event: str) -> bool:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if event in httpx.get(f"{url}/seen").json():
            return True
        time.sleep(0.05)
    return False


# Overload ------------------------------------------------------------------------------------------------------------

TIGHT = {"concurrency": 4, "waiting": 100, "interval": 0.5, "target": 0.05}


async def flood(url: str, path: str, *, clients: int, seconds: float) -> list[tuple[float, int]]:
    """Ask over and over with many clients; return how long each answer took, and its status."""
    parts = urlsplit(url)
    end = time.monotonic() + seconds
    found: list[tuple[float, int]] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while time.monotonic() < end:
            began = time.monotonic()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1]))
            found.append((time.monotonic() - began, int(head[9:12])))
            if head[9:12] == b"503":
                await asyncio.sleep(0.05)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return found


async def test_under_overload_what_is_let_in_is_quick_and_the_rest_is_told_to_come_back(run):
    answers = await flood(run(load=TIGHT), "/slow", clients=40, seconds=3)
    statuses = Counter(status for _, status in answers)
    assert set(statuses) == {200, 503}
    # Four at a time, 0.2 s each: 20 a second can be done, and most of that is.
    assert statuses[200] >= 30
    good = sorted(taken for taken, status in answers if status == 200)
    assert good[len(good) // 2] < 1  # all in one queue would take 40 clients / 20 a second = 2 s


async def test_a_refusal_says_when_to_come_back(build, client, write):
    project = build(write("load", routes=ROUTES), web=WebSettings(load={"concurrency": 1, "waiting": 0}))
    async with client(project) as http:
        slow = asyncio.create_task(http.get("/slow"))
        await asyncio.sleep(0.05)
        refused = await http.get("/quick")
        assert (await slow).status_code == 200
        assert (await http.get("/quick")).status_code == 200
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "overloaded"
    assert refused.json()["request_id"] == refused.headers["x-request-id"]


async def test_requests_that_never_await_are_refused_as_well_when_too_many_are_ready_at_once(run):
    parts = urlsplit(run(load=TIGHT))
    clients = [await asyncio.open_connection(parts.hostname, parts.port) for _ in range(41)]

    async def ask(path: str) -> int:
        reader, writer = clients.pop()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        return int(answer[9:12])

    routes = import_module("load.routes")
    first = asyncio.create_task(ask("/held"))
    assert await asyncio.to_thread(routes.held.wait, 20)
    others = [asyncio.create_task(ask("/busy")) for _ in range(40)]
    await asyncio.sleep(0.1)  # all of them have asked while the server looked at nothing
    routes.let_go.set()
    assert await first == 200
    statuses = Counter(await asyncio.gather(*others))
    assert set(statuses) == {200, 503}
    assert statuses[200] <= 13  # 0.05 s each at least, until one has waited for 0.6 s


async def test_whoever_comes_alone_after_one_that_never_awaited_is_let_in(build, client, write):
    project = build(write("load", routes=ROUTES), web=WebSettings(load={"interval": 0.2}))
    async with client(project) as http:
        assert (await http.get("/busy", params={"seconds": 0.5})).status_code == 200
        assert (await http.get("/quick")).status_code == 200  # asked for before the loop has turned


async def test_a_process_that_stood_still_between_requests_refuses_none(build, client, write):
    project = build(write("load", routes=ROUTES), web=WebSettings(load={"interval": 0.2}))
    async with client(project) as http:
        assert (await http.get("/quick")).status_code == 200
        time.sleep(0.5)  # noqa: ASYNC251 - as if stopped by the system
        assert (await http.get("/quick")).status_code == 200


def test_health_is_answered_whatever_the_load_and_handshakes_are_load(run):
    url = run(load={"concurrency": 1, "waiting": 0})
    parts = urlsplit(url)
    with closing(socket.create_connection((parts.hostname, parts.port), timeout=20)) as slow:
        slow.sendall(b"GET /slow?seconds=3 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        end = time.monotonic() + 5
        while httpx.get(f"{url}/quick").status_code != 503:
            assert time.monotonic() < end
        assert httpx.get(f"{url}/health/x").json() == "well"
        with pytest.raises(InvalidStatus) as refused:
            connect(url.replace("http", "ws") + "/talk")
        assert refused.value.response.status_code == 503


async def test_what_is_exempt_is_so_behind_a_root_path_too(build, client, write):
    load = {"concurrency": 1, "waiting": 0}
    project = build(write("load", routes=ROUTES), web=WebSettings(load=load), allowed_hosts=("example.com",))
    app = create_app(project)
    app.root_path = "/svc"
    async with client(app, base_url="http://example.com") as http:
        slow = asyncio.create_task(http.get("/svc/slow"))
        await asyncio.sleep(0.05)
        assert (await http.get("/svc/quick")).status_code == 503
        assert (await http.get("/svc/health/x", headers={"host": "10.0.0.9"})).status_code == 200
        assert (await http.get("/svc/quick", headers={"host": "10.0.0.9"})).status_code == 400
        assert (await slow).status_code == 200


def test_a_stream_and_an_open_websocket_hold_no_place(run):
    url = run(load={"concurrency": 1, "waiting": 0})
    with httpx.stream("GET", f"{url}/stream") as stream, connect(url.replace("http", "ws") + "/talk") as talk:
        assert httpx.get(f"{url}/quick").status_code == 200
        talk.send("hello")
        assert talk.recv() == "hello"
        assert stream.read() == b"x" * 6


def test_clients_that_send_slowly_keep_nobody_out(run):
    url = run(load={"concurrency": 2, "waiting": 10})
    parts = urlsplit(url)
    slow = [socket.create_connection((parts.hostname, parts.port)) for _ in range(5)]
    for each in slow:
        each.sendall(b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc")
    time.sleep(0.3)
    assert [httpx.get(f"{url}/quick").status_code for _ in range(3)] == [200] * 3
    for each in slow:
        each.sendall(b"def")
        assert each.recv(100).startswith(b"HTTP/1.1 200")
        each.close()


async def post_late(url: str) -> tuple[int, bytes]:
    """Send a head, and the body when the request has given its place up; return status and answer."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(b"POST /work HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 3\r\n\r\n")
    await asyncio.sleep(0.3)
    writer.write(b"abc")
    answer = await reader.read()
    writer.close()
    return int(answer[9:12]), answer


async def test_whose_body_comes_late_needs_a_place_for_the_work(run):
    url = run(load={"concurrency": 2, "waiting": 100, "interval": 5})
    answers = await asyncio.gather(*(post_late(url) for _ in range(12)))
    assert [status for status, _ in answers] == [200] * 12
    assert import_module("load.routes").most_at_work == 2


async def test_whose_body_comes_late_is_told_to_come_back_when_no_place_is_free_in_time(run):
    url = run(load={"concurrency": 2, "waiting": 12, "interval": 0.15})
    answers = await asyncio.gather(*(post_late(url) for _ in range(12)))
    statuses = Counter(status for status, _ in answers)
    assert set(statuses) == {200, 503}
    assert statuses[200] <= 6
    assert import_module("load.routes").most_at_work == 2
    refused = next(answer for status, answer in answers if status == 503)
    assert re.search(rb"(?i)retry-after: 1", refused)
    assert b'"code":"overloaded"' in refused
    assert (await post_late(url))[0] == 200


def test_a_get_with_half_a_body_keeps_nobody_out_and_is_answered_408(run):
    url = run(load={"concurrency": 2, "waiting": 10}, body=0.5, deadline=10)
    parts = urlsplit(url)
    slow = [socket.create_connection((parts.hostname, parts.port), timeout=5) for _ in range(2)]
    for each in slow:
        each.sendall(b"GET /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc")
    time.sleep(0.2)
    assert httpx.get(f"{url}/quick").status_code == 200
    for each in slow:
        assert each.recv(100).startswith(b"HTTP/1.1 408")
        each.close()


# Deadlines -----------------------------------------------------------------------------------------------------------


def test_a_request_past_the_deadline_is_cancelled_and_answered(run, caplog):
    url = run(deadline=0.3)
    began = time.monotonic()
    late = httpx.get(f"{url}/slow", params={"seconds": 20})
    assert 0.25 < time.monotonic() - began < 5
    assert (late.status_code, late.json()["code"]) == (504, "deadline_exceeded")
    assert late.headers["content-type"] == "application/problem+json"
    assert late.json()["request_id"] == late.headers["x-request-id"]
    assert seen(url, "cancelled")
    assert "Broke off GET /slow: it was not answered in time." in caplog.text
    assert not [record for record in caplog.records if record.exc_info]
    assert httpx.get(f"{url}/quick").status_code == 200


def test_a_route_sets_its_own_deadline(run):
    url = run(deadline=0.4)
    assert httpx.get(f"{url}/short").status_code == 504
    assert httpx.get(f"{url}/long").json() == "long"
    responses = httpx.get(f"{url}/openapi.json").json()["paths"]["/short"]["get"]["responses"]
    assert responses["504"]["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")


def test_a_thread_is_not_stopped_but_not_waited_for_either(run):
    url = run()
    began = time.monotonic()
    assert httpx.get(f"{url}/thread").status_code == 504
    assert time.monotonic() - began < 5


def test_what_answers_in_spite_of_being_cancelled_has_answered(run):
    assert httpx.get(f"{run()}/stubborn").json() == "all the same"


def test_a_stream_that_has_begun_has_no_deadline(run):
    assert httpx.get(f"{run(deadline=0.3)}/stream").content == b"x" * 6


def test_a_handshake_past_the_deadline_is_refused(run):
    with pytest.raises(InvalidStatus) as refused:
        connect(run(deadline=0.3).replace("http", "ws") + "/handshake")
    assert refused.value.response.status_code == 504


async def test_a_test_that_is_cancelled_itself_is_not_answered_for(build, client, write):
    project = build(write("load", routes=ROUTES))
    async with client(project) as http:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await http.get("/slow", params={"seconds": 20})


# Slow clients --------------------------------------------------------------------------------------------------------


def trickle(url: str, path: str, *, pause: float, pieces: int, length: int | None = None) -> tuple[bytes, float]:
    """Send a body piece by piece; return what came back and when the server hung up."""
    parts = urlsplit(url)
    began = time.monotonic()
    with closing(socket.create_connection((parts.hostname, parts.port), timeout=20)) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {length or pieces}\r\n\r\n".encode())
        received: list[bytes] = []

        def read() -> None:
            with suppress(ConnectionResetError):  # what is sent after the end is answered so
                while chunk := connection.recv(65536):
                    received.append(chunk)

        reader = threading.Thread(target=read)
        reader.start()
        try:
            for _ in range(pieces):
                connection.sendall(b" ")
                time.sleep(pause)
                if not reader.is_alive():
                    break
        except OSError:
            pass
        reader.join(20)
        return b"".join(received), time.monotonic() - began


@pytest.mark.parametrize("path", ["/body", "/parsed"])
def test_a_body_that_trickles_is_answered_408_and_the_connection_closed(run, path):
    answer, taken = trickle(run(body=0.4, body_rate=100), path, pause=0.05, pieces=200)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408")
    assert re.search(rb"(?i)connection: close", head)
    assert json.loads(body)["code"] == "request_timeout"
    assert taken < 5


def test_a_large_body_may_take_as_long_as_its_rate_allows(run):
    url = run(body=0.3, body_rate=1000)

    def pieces():
        for _ in range(8):
            yield b"x" * 200
            time.sleep(0.1)

    assert httpx.post(f"{url}/body", content=pieces()).json() == 1600


def test_the_deadline_does_not_count_the_time_that_the_body_takes(run):
    url = run(deadline=0.3, body=5)

    def pieces():
        for _ in range(8):
            yield b"x"
            time.sleep(0.1)

    assert httpx.post(f"{url}/body", content=pieces()).json() == 8


def test_a_client_that_does_not_read_is_cut_off(run, caplog):
    url = run(write=0.5)
    parts = urlsplit(url)
    with closing(socket.create_connection((parts.hostname, parts.port), timeout=10)) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert seen(url, "stream closed")
    assert "Broke off GET /large: the client did not read the response." in caplog.text


def test_a_client_that_reads_slowly_but_reads_gets_it_all(run):
    url = run(write=1)
    with httpx.stream("GET", f"{url}/large") as response:
        total = 0
        for number, piece in enumerate(response.iter_raw(1_000_000)):
            total += len(piece)
            if number % 20 == 0:
                time.sleep(0.1)
    assert total == 200_000_000
