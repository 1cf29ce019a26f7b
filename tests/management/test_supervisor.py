"""Workers that die, hang, cannot start or never last, and what becomes of those beside them."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(120)  # processes that start processes, on a machine with other work

SERVED = """
import logging
import os
import resource
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from framework.management.connections import Protocol
from framework.management.supervisor import Supervisor


class Patient(Protocol):
    arrival_seconds = 0.8  # on a machine with other work


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        if Path("broken").exists():
            await send({"type": "lifespan.startup.failed", "message": "no broker"})
            return
        if Path("crashing").exists():
            os.kill(os.getpid(), signal.SIGSEGV)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


def allow(files):
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, lambda *_: allow(3))
    signal.signal(signal.SIGUSR2, lambda *_: allow(500))
    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)d %(message)s")
    listener = socket.create_server(("127.0.0.1", 0))
    print("port", listener.getsockname()[1], flush=True)
    options = {"log_config": None, "log_level": "error", "lifespan": "on", "timeout_graceful_shutdown": 1}
    config = uvicorn.Config("served:app", workers=int(sys.argv[1]), http=Patient, **options)
    sys.exit(Supervisor(config, listener, limit=2, patience=float(sys.argv[2])).run())
"""


def eventually[T](ask: Callable[[], T], *, within: float = 40.0) -> T:
    """Return the first truthy answer."""
    end = time.monotonic() + within
    while not (answer := ask()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.03)
    return answer


class Service:
    """A supervised server in a folder of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "served.py").write_text(SERVED)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, workers: int = 2, patience: float = 30) -> subprocess.Popen[bytes]:
        with (self.path / "output").open("wb") as output:
            words = [sys.executable, "served.py", str(workers), str(patience)]
            self.process = subprocess.Popen(words, cwd=self.path, stdout=output, stderr=output)
        return self.process

    @property
    def output(self) -> str:
        return (self.path / "output").read_text()

    def ask(self) -> int | None:
        """Return the id of the process that answers, or `None` while none does."""
        port = eventually(lambda: re.search(r"port (\d+)", self.output))[1]
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
        try:
            connection.request("GET", "/")
            return int(connection.getresponse().read())
        except OSError:
            return None
        finally:
            connection.close()

    def workers(self, count: int = 2) -> set[int]:
        """Return the ids of all that answer, once they are `count`."""
        seen: set[int] = set()

        def all_seen() -> bool:
            seen.update({pid} if (pid := self.ask()) else set())
            return len(seen) == count

        eventually(all_seen)
        return seen


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


def test_one_that_cannot_start_again_is_tried_again_while_the_others_serve(service: Service) -> None:
    server = service.start()
    victim, other = service.workers()
    (service.path / "broken").touch()

    server.send_signal(signal.SIGUSR1)  # no files are left
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: "No worker can be started ([Errno 24] Too many open files)" in service.output)
    server.send_signal(signal.SIGUSR2)

    eventually(lambda: "(exit code 3)" in service.output)
    assert {service.ask() for _ in range(10)} == {other}

    (service.path / "broken").unlink()
    assert other in service.workers()
    server.terminate()
    assert server.wait(20) == 0


def test_when_none_has_served_yet_a_failed_start_ends_it_all(service: Service) -> None:
    (service.path / "broken").touch()

    assert service.start().wait(40) == 3

    assert "and none has yet: stopping." in service.output


def test_one_that_crashes_again_and_again_is_started_ever_more_slowly(service: Service) -> None:
    server = service.start(workers=1)
    victim = eventually(service.ask)
    (service.path / "crashing").touch()

    os.kill(victim, signal.SIGKILL)

    eventually(lambda: service.output.count("SIGSEGV") >= 2)
    ends = re.findall(
        r"^(\d+) Worker \d+ has ended \((\w+)\): starting another in (\S+) s", service.output, re.MULTILINE
    )
    assert [end[1:] for end in ends[:3]] == [("SIGKILL", "0.5"), ("SIGSEGV", "1"), ("SIGSEGV", "2")]
    assert int(ends[2][0]) - int(ends[1][0]) >= 1000
    server.terminate()
    assert server.wait(20) == 0


def test_one_that_hangs_is_killed_and_replaced(service: Service) -> None:
    service.start(workers=1, patience=3)
    victim = eventually(service.ask)

    os.kill(victim, signal.SIGSTOP)

    eventually(lambda: f"Worker {victim} has said nothing for 3 seconds: killing it." in service.output)
    assert eventually(service.ask) != victim


def test_one_that_hangs_does_not_keep_the_server_from_ending(service: Service) -> None:
    server = service.start()
    victim, _ = service.workers()
    os.kill(victim, signal.SIGSTOP)
    began = time.monotonic()

    server.terminate()

    assert server.wait(20) == 0
    assert time.monotonic() - began < 6
    assert f"Worker {victim} has not ended within 2 seconds: killing it." in service.output
    with pytest.raises(ProcessLookupError):
        os.kill(victim, 0)


def test_a_supervisor_that_stood_still_kills_nobody(service: Service) -> None:
    server = service.start(patience=3)
    workers = service.workers()
    for pid in (server.pid, *workers):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(3.5)
    for pid in (server.pid, *workers):
        os.kill(pid, signal.SIGCONT)

    assert service.workers() == workers
    server.send_signal(signal.SIGINT)
    assert server.wait(20) == 0
    assert "killing" not in service.output


@contextmanager
def asking(service: Service) -> Iterator[list[int | None]]:
    """Ask over and over, on a connection each; yield who answered, `None` where nobody did."""
    answers: list[int | None] = []
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            answers.append(service.ask())

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        yield answers
    finally:
        is_over.set()
        for client in clients:
            client.join()


def test_all_are_replaced_one_after_another_and_no_request_is_refused_meanwhile(service: Service) -> None:
    server = service.start()
    before = service.workers()

    with asking(service) as answers:
        server.send_signal(signal.SIGHUP)
        eventually(lambda: before.isdisjoint({*answers[-100:]}) and len({*answers[-100:]}) == 2)

    assert None not in answers
    assert service.output.count("is to end.") == 2
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before))
    server.terminate()
    assert server.wait(20) == 0


def test_the_old_ones_serve_on_when_a_new_one_cannot_start(service: Service) -> None:
    server = service.start()
    before = service.workers()
    (service.path / "broken").touch()

    server.send_signal(signal.SIGHUP)
    eventually(lambda: "(exit code 3)" in service.output)
    assert service.workers() == before

    (service.path / "broken").unlink()
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before))
    assert before.isdisjoint(service.workers())


def test_there_is_one_more_and_one_less_when_it_is_told_so_but_never_none(service: Service) -> None:
    server = service.start(workers=1)
    first = service.workers(1)

    server.send_signal(signal.SIGTTIN)
    assert first < service.workers(2)

    server.send_signal(signal.SIGTTOU)
    ended = eventually(lambda: re.search(r"Worker (\d+) is to end", service.output))[1]
    eventually(lambda: not Path(f"/proc/{ended}").exists())
    server.send_signal(signal.SIGTTOU)
    eventually(lambda: service.output.count("There are to be 1 workers.") == 2)
    assert len({service.ask() for _ in range(20)}) == 1
    assert service.output.count("is to end.") == 1
