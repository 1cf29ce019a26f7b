"""Processes that serve, as the one that watches over them sees them. Knows of servers, not of projects."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from time import monotonic

import uvicorn

__all__ = ["STARTUP_FAILURE", "Worker"]

STARTUP_FAILURE = 3
"""Exit code of a server that cannot start, as uvicorn has it."""
LASTING = 10.0
"""Seconds of serving after which an end is an accident, and the next worker is started at once."""

_spawn = multiprocessing.get_context("spawn")


class Worker:
    """One process that serves, as the supervisor sees it."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, pulse: float) -> None:
        self._pipe, theirs = _spawn.Pipe(duplex=False)
        self.process = _spawn.Process(target=work, args=(config, listener, theirs, pulse))
        self.process.start()
        theirs.close()
        self.heard = monotonic()
        self.ready_since: float | None = None

    def listen(self) -> None:
        """Take in what the worker said of itself."""
        with suppress(EOFError, OSError):
            while self._pipe.poll():
                started = self._pipe.recv()
                self.heard = monotonic()
                if started and self.ready_since is None:
                    self.ready_since = self.heard

    def lasted(self) -> bool:
        """Tell whether it served for a while."""
        return self.ready_since is not None and monotonic() - self.ready_since >= LASTING

    def close(self) -> str:
        """Let go of a process that has ended, and say how that went."""
        self.process.join()
        self._pipe.close()
        code = self.process.exitcode or 0
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def work(config: uvicorn.Config, listener: socket.socket, pipe: Connection, pulse: float) -> None:
    """Serve, in a process of its own."""
    server = uvicorn.Server(config)
    config.configure_logging()
    threading.Thread(target=_report, args=(server, pipe, pulse), daemon=True).start()
    with suppress(KeyboardInterrupt):  # raised again by uvicorn after a graceful end
        server.run([listener])
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def _report(server: uvicorn.Server, pipe: Connection, pulse: float) -> None:
    """Say every now and then that this process is alive, for as long as the supervisor is; end with it."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    with suppress(OSError):
        while not multiprocessing.connection.wait([parent.sentinel], timeout=pulse if server.started else 0.1):
            pipe.send(server.started)
    os.kill(os.getpid(), signal.SIGTERM)
