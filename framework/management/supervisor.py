"""The process that watches over those that serve. Knows of servers, not of projects."""

import logging
import multiprocessing.connection
import signal
import socket
from collections import deque
from contextlib import suppress
from time import monotonic
from types import FrameType

import uvicorn

from framework.management.workers import STARTUP_FAILURE, Worker

__all__ = ["Supervisor"]

PATIENCE = 30.0
"""Seconds that a worker may say nothing: one that starts on a machine under load says nothing for long."""
TURN = 0.5
"""Seconds between two looks at the workers; one that ends is seen at once."""
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
"""Seconds before a worker that did not last is replaced: doubled each time."""

_log = logging.getLogger("framework.management")


class Post:
    """What one worker after another holds."""

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self.failures = 0
        """How many in a row did not last."""
        self.vacant_until = 0.0
        self.is_outdated = False
        """Whether another is to be put in its place."""

    @property
    def serves(self) -> bool:
        """Whether the worker that holds it has begun to serve."""
        return self.worker is not None and self.worker.ready_since is not None

    def vacate(self, now: float) -> float:
        """Let nobody hold it for a while, and return how many seconds that is."""
        self.failures = 0 if self.worker is not None and self.worker.lasted() else self.failures + 1
        self.worker = None
        delay = min(FIRST_DELAY * 2 ** (self.failures - 1), LONGEST_DELAY) if self.failures else 0.0
        self.vacant_until = now + delay
        return delay


class Supervisor:
    """Keeps as many workers serving as `config` says, until SIGTERM or SIGINT.

    On SIGHUP other workers take the place of all, one after another, each when it serves; on SIGTTIN there is one more
    from then on, on SIGTTOU one less.

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
        self._wanted = config.workers
        self._posts = [Post() for _ in range(config.workers)]
        self._leaving: dict[Worker, float] = {}
        """Those that were told to end, and until when they have to."""
        self._orders: deque[int] = deque()
        """Signals that came and were not obeyed yet."""
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
        for name in ("SIGHUP", "SIGTTIN", "SIGTTOU"):
            if hasattr(signal, name):  # Windows has none of them
                signal.signal(getattr(signal, name), self._told_to_change)
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

    def _told_to_change(self, signum: int, frame: FrameType | None) -> None:
        self._orders.append(signum)  # obeyed when nobody is looking through the posts

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
        for worker, until in [*self._leaving.items()]:
            self._see_off(worker, until, now)
        while self._orders:
            self._obey(self._orders.popleft())
        self._fill()
        for post in self._posts:
            self._look_at(post, now)

    def _obey(self, signum: int) -> None:
        if signum == signal.SIGHUP:
            _log.info("Replacing the workers, one after another.")
            for post in self._posts:
                post.is_outdated = True
        else:
            self._wanted = max(1, self._wanted + (1 if signum == signal.SIGTTIN else -1))
            _log.info("There are to be %s workers.", self._wanted)

    def _fill(self) -> None:
        """Make one step towards as many posts as there are to be, none of them outdated."""
        outdated = [post for post in self._posts if post.is_outdated]
        is_one_on_its_way = bool(outdated) and not all(post.serves for post in self._posts if not post.is_outdated)
        too_many = len(self._posts) - self._wanted - is_one_on_its_way
        if too_many > 0:
            self._dismiss(min(outdated or self._posts, key=lambda post: post.serves))
        elif too_many < 0 or (outdated and not is_one_on_its_way):
            self._posts.append(Post())

    def _dismiss(self, post: Post) -> None:
        self._posts.remove(post)
        if post.worker is not None:
            _log.info("Worker %s is to end.", post.worker.process.pid)
            post.worker.process.terminate()
            self._leaving[post.worker] = monotonic() + self._limit

    def _see_off(self, worker: Worker, until: float, now: float) -> None:
        if worker.process.is_alive():
            if now <= until:
                return
            self._kill(worker)
        worker.close()
        del self._leaving[worker]

    def _kill(self, worker: Worker) -> None:
        _log.error("Worker %s has not ended within %g seconds: killing it.", worker.process.pid, self._limit)
        worker.process.kill()

    def _look_at(self, post: Post, now: float) -> None:
        worker = post.worker
        if worker is None:
            if now >= post.vacant_until:
                try:
                    post.worker = Worker(self._config, self._listener, pulse=min(1.0, self._patience / 4))
                    post.is_outdated = False
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
        workers += self._leaving
        for worker in workers:
            worker.process.terminate()
        until = monotonic() + self._limit
        for worker in workers:
            worker.process.join(max(0.0, until - monotonic()))
            if worker.process.is_alive():
                self._kill(worker)
            worker.close()
