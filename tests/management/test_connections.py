"""Connections of clients that send nothing, or take nothing, on real sockets."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest
import uvicorn

from framework.management.connections import Protocol, limit_writes


class Impatient(Protocol):
    head_seconds = 0.4
    arrival_seconds = 1.0


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return
    body = b"x" * (50_000_000 if scope["path"] == "/large" else 2)
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


type Serve = Callable[..., tuple[uvicorn.Server, int]]


@pytest.fixture
def serve() -> Generator[Serve]:
    with contextlib.ExitStack() as stack:

        def serve(listener: socket.socket) -> tuple[uvicorn.Server, int]:
            config = uvicorn.Config(application, http=Impatient, log_config=None, lifespan="off")
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()

            def stop() -> None:
                server.should_exit = True
                thread.join(10)

            stack.callback(stop)
            eventually(lambda: server.started)
            return server, listener.getsockname()[1]

        yield serve


def eventually(ask: Callable[[], object], *, within: float = 10) -> None:
    end = time.monotonic() + within
    while not ask():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def is_dropped(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
def test_a_head_that_does_not_come_costs_the_connection(serve: Serve, sent: bytes) -> None:
    server, port = serve(socket.create_server(("127.0.0.1", 0)))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        assert is_dropped(connection)
    assert not server.server_state.connections


def test_bytes_that_come_now_and_then_buy_no_time(serve: Serve) -> None:
    _, port = serve(socket.create_server(("127.0.0.1", 0)))
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < began + 5:
                connection.sendall(b"X-Slow: 1\r\n")
                time.sleep(0.05)
    assert time.monotonic() - began < 5


def test_who_waits_between_requests_is_left_alone_and_a_late_second_head_is_not(serve: Serve) -> None:
    _, port = serve(socket.create_server(("127.0.0.1", 0)))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for _ in range(2):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(1000).endswith(b"xx")
            time.sleep(0.6)
        connection.sendall(b"GET / HTTP/1.1\r\n")
        assert is_dropped(connection)


def test_who_connected_before_the_server_ends_is_answered(serve: Serve) -> None:
    server, port = serve(socket.create_server(("127.0.0.1", 0)))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        eventually(lambda: server.server_state.connections)
        server.should_exit = True
        eventually(lambda: not any(each.is_serving() for each in server.servers))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert connection.recv(1000).endswith(b"xx")


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system has no such limit")
def test_a_response_that_nobody_reads_does_not_stay_in_memory(serve: Serve) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    limit_writes(listener, 0.5)
    server, port = serve(listener)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        eventually(lambda: server.server_state.total_requests == 1)  # all of it is in the transport's buffer
        eventually(lambda: not server.server_state.connections)
