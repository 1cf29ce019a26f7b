"""What `runserver` does when it is told to stop, when a worker dies, and when a client makes itself up."""

from __future__ import annotations  # `Folder` is only for checkers: a conftest cannot be imported

import http.client
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.management.conftest import Folder

pytestmark = pytest.mark.timeout(150)  # processes that start processes, on a machine with other work

KEY = "Zk3-vQx8Lw_9TbR2yHc7NmUe5PaJf0GsDo6WiXt1"
APPS = """
import os
from contextlib import asynccontextmanager
from framework import AppConfig

def note(text):
    with open("events", "a") as file:
        file.write(text + "\\n")

class Config(AppConfig):
    name = "blog"

    @asynccontextmanager
    async def lifespan(self, project):
        note("opened")
        yield
        note("closed")
"""
ROUTES = """
import asyncio, os
from fastapi import APIRouter, Request
from blog.apps import note

router = APIRouter()

@router.get("/slow")
async def slow(seconds: float):
    note("begun")
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        await asyncio.sleep(0.2)
        note("cancelled")
        raise
    note("answered")
    return "slow"

@router.get("/who")
async def who(request: Request): return {"pid": os.getpid(), "client": request.client.host}
"""


def eventually[T](ask: Callable[[], T], *, within: float = 60.0) -> T:
    """Return the first truthy answer."""
    end = time.monotonic() + within
    while not (answer := ask()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.03)
    return answer


def connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=60)


def get(port: int, path: str, **headers: str) -> tuple[int, Any, str | None]:
    """Return status, body and `Connection` header of an answer on a connection of its own."""
    connection = connect(port)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, json.load(response), response.getheader("connection")
    finally:
        connection.close()


class Asking(threading.Thread):
    """A request in flight."""

    def __init__(self, port: int, path: str) -> None:
        super().__init__()
        self.port, self.path = port, path
        self.answer: tuple[int, Any, str | None] | None = None
        self.start()

    def run(self) -> None:
        self.answer = get(self.port, self.path)


type Start = Callable[..., tuple[subprocess.Popen[str], int]]


@pytest.fixture
def start(project: Folder) -> Start:
    """Serve a project for production: `server, port = start(workers=2, WEB__TIMEOUTS__DRAIN="1")`."""
    project.app("blog", {"routes.py": ROUTES, "apps.py": APPS})
    project.install("framework.log", "framework.health", "blog")

    def start(*, workers: int = 1, **environment: str) -> tuple[subprocess.Popen[str], int]:
        environment = {"SECRET_KEY": KEY, **environment}
        server = project.start("runserver", "0", "--workers", str(workers), environment=environment)
        found = eventually(lambda: re.search(r"worker\(s\) at http://127\.0\.0\.1:(\d+)/", project.output))
        return server, int(found[1])

    return start


def events(project: Folder) -> list[str]:
    file = project.path / "events"
    return file.read_text().split() if file.exists() else []


def test_what_is_in_flight_is_answered_and_then_everything_is_closed(project: Folder, start: Start) -> None:
    server, port = start()
    idle = connect(port)
    idle.request("GET", "/who")
    idle.getresponse().read()
    asking = Asking(port, "/slow?seconds=1")
    eventually(lambda: "begun" in events(project))

    server.terminate()

    asking.join(40)
    assert asking.answer == (200, "slow", "close")
    assert server.wait(40) == 0
    assert events(project) == ["opened", "begun", "answered", "closed"]
    assert "Traceback" not in project.output
    idle.close()


def test_readiness_fails_at_once_while_requests_are_still_accepted(project: Folder, start: Start) -> None:
    server, port = start(WEB__TIMEOUTS__DRAIN="2")
    assert get(port, "/health/ready")[:2] == (200, {"status": "ok", "checks": {}})
    server.terminate()

    _, body, connection = eventually(lambda: (answer := get(port, "/health/ready"))[0] == 503 and answer)
    assert (body, connection) == ({"status": "stopping", "checks": {}}, "close")
    assert get(port, "/health/live")[0] == 200
    assert get(port, "/who")[0] == 200
    assert server.wait(40) == 0
    assert events(project) == ["opened", "closed"]


def test_what_takes_longer_than_the_limit_is_cancelled_and_told_so_before_anything_is_closed(
    project: Folder, start: Start
) -> None:
    server, port = start(WEB__TIMEOUTS__SHUTDOWN="1")
    asking = Asking(port, "/slow?seconds=60")
    eventually(lambda: "begun" in events(project))
    began = time.monotonic()

    server.terminate()

    asking.join(40)
    assert asking.answer is not None
    assert (asking.answer[0], asking.answer[1]["code"]) == (503, "stopping")
    assert server.wait(40) == 0
    assert time.monotonic() - began < 15
    assert events(project) == ["opened", "begun", "cancelled", "closed"]
    assert "Traceback" not in project.output


def test_a_killed_worker_is_replaced_while_the_others_serve(project: Folder, start: Start) -> None:
    server, port = start(workers=2)
    eventually(lambda: events(project).count("opened") == 2)
    victim = get(port, "/who")[1]["pid"]

    os.kill(victim, signal.SIGKILL)

    eventually(lambda: events(project).count("opened") == 3)
    pids = {get(port, "/who")[1]["pid"] for _ in range(20)}
    assert victim not in pids
    server.terminate()
    assert server.wait(40) == 0
    assert events(project).count("closed") == 2  # the killed one had no time


def test_a_killed_supervisor_takes_its_workers_with_it(project: Folder, start: Start) -> None:
    server, port = start(workers=2)
    eventually(lambda: events(project).count("opened") == 2)

    server.kill()
    server.wait(40)

    eventually(lambda: events(project).count("closed") == 2)
    with pytest.raises(OSError, match="refused"):
        eventually(lambda: get(port, "/who") is None)


def test_only_what_a_trusted_proxy_says_of_the_client_is_believed(project: Folder, start: Start) -> None:
    made_up = {"X-Forwarded-For": "192.0.2.7"}
    server, port = start(FORWARDED_ALLOW_IPS="*")  # uvicorn's own variable is not asked
    assert get(port, "/who", **made_up)[1]["client"] == "127.0.0.1"
    server.terminate()
    server.wait(40)
    _, port = start(WEB__TRUSTED_PROXIES='["127.0.0.1"]')
    assert get(port, "/who", **made_up)[1]["client"] == "192.0.2.7"
