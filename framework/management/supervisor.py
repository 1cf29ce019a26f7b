"""Processes that serve, and the one that watches over them. Knows of servers, not of projects."""

import logging
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
from types import FrameType

import uvicorn

__all__ = ["STARTUP_FAILURE", "Supervisor"]

STARTUP_FAILURE = 3
"""Exit code of a server that cannot start, as uvicorn has it."""

PATIENCE = 30.0
"""Seconds that a worker may say nothing: one that starts on a machine under load says nothing for long."""
TURN = 0.5
"""Seconds between two looks at the workers; one that ends is seen at once."""
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
"""Seconds before a worker that did not last is replaced: doubled each time."""
LASTING = 10.0
"""Seconds of serving after which an end is an accident, and the next worker is started at once."""

_spawn = multiprocessing.get_context("spawn")
_log = logging.getLogger("framework.management")


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


class Post:
    """What one worker after another holds."""

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self.failures = 0
        """How many in a row did not last."""
        self.vacant_until = 0.0

    def vacate(self, now: float) -> float:
        """Let nobody hold it for a while, and return how many seconds that is."""
        self.failures = 0 if self.worker is not None and self.worker.lasted() else self.failures + 1
        self.worker = None
        delay = min(FIRST_DELAY * 2 ** (self.failures - 1), LONGEST_DELAY) if self.failures else 0.0
        self.vacant_until = now + delay
        return delay


class Supervisor:
    """Keeps as many workers serving as `config` says, until SIGTERM or SIGINT.

    A worker that ends is replaced, one that says nothing for `patience` seconds is killed first. Those that do not last
    are replaced ever later. Only when none has served yet does one that cannot start end it all: what it lacks may
    come back, and until then the others serve. After the signal workers have `limit` seconds to end.
    """

    def __init__(
        self, config: uvicorn.Config, listener: socket.socket, *, limit: float, patience: float = PATIENCE
    ) -> None:
        self._config = config
        self._listener = listener
        self._limit = limit
        self._patience = patience
        self._posts = [Post() for _ in range(config.workers)]
        self._looked = monotonic()
        self._have_served = False
        self._code: int | None = None
        """What to end with, once that is known."""

    def run(self) -> int:
        """Serve until a signal comes, and return the exit code."""
        awake, waker = socket.socketpair()
        for each in (awake, waker):
            each.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._told_to_end)
        try:
            while self._code is None:
                self._look()
                sentinels = [post.worker.process.sentinel for post in self._posts if post.worker is not None]
                multiprocessing.connection.wait([awake, *sentinels], timeout=0 if self._code is not None else TURN)
                with suppress(BlockingIOError):
                    awake.recv(64)
        finally:
            self._stop()
        return self._code

    def _told_to_end(self, signum: int, frame: FrameType | None) -> None:
        self._end(0)

    def _end(self, code: int) -> None:
        if self._code is None:
            self._code = code

    def _look(self) -> None:
        now = monotonic()
        late, self._looked = now - self._looked > self._patience / 2, now
        workers = [post.worker for post in self._posts if post.worker is not None]
        for worker in workers:
            worker.listen()
            if late:  # this process stood still, and perhaps they did too
                worker.heard = now
            self._have_served |= worker.ready_since is not None
        for post in self._posts:
            self._look_at(post, now)

    def _look_at(self, post: Post, now: float) -> None:
        worker = post.worker
        if worker is None:
            if now >= post.vacant_until:
                try:
                    post.worker = Worker(self._config, self._listener, pulse=min(1.0, self._patience / 4))
                except OSError as error:  # of processes, memory or files there are none left
                    _log.error("No worker can be started (%s): trying in %g seconds.", error, post.vacate(now))
            return
        if worker.process.is_alive():
            if now - worker.heard <= self._patience:
                return
            _log.error("Worker %s has said nothing for %g seconds: killing it.", worker.process.pid, self._patience)
            worker.process.kill()
        how = worker.close()
        if not self._have_served and (worker.process.exitcode or 0) > 0:
            _log.error("Worker %s could not start (%s), and none has yet: stopping.", worker.process.pid, how)
            post.worker = None
            self._end(STARTUP_FAILURE)
            return
        delay = post.vacate(now)
        _log.warning("Worker %s has ended (%s): starting another in %g seconds.", worker.process.pid, how, delay)

    def _stop(self) -> None:
        workers = [post.worker for post in self._posts if post.worker is not None]
        for worker in workers:
            worker.process.terminate()
        until = monotonic() + self._limit
        for worker in workers:
            worker.process.join(max(0.0, until - monotonic()))
            if worker.process.is_alive():
                _log.error("Worker %s has not ended within %g seconds: killing it.", worker.process.pid, self._limit)
                worker.process.kill()
            worker.close()


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
