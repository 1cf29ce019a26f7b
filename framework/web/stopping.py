"""The moment a process is told to end, for those who have to know before the server stops."""

import asyncio
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from framework.project import Project

__all__ = ["noticing_signals"]


@contextmanager
def noticing_signals(project: Project, drain: float) -> Generator[None]:
    """Set `project.stopping` when SIGTERM or SIGINT comes, and hand the signal on to the server.

    SIGTERM is handed on `drain` seconds later. Until then the server accepts requests as before, but the project says
    that it is not ready, so that a balancer sends its requests elsewhere before the port is closed.
    """
    if threading.current_thread() is not threading.main_thread():  # others hear of no signal
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def notice(signum: int, frame: FrameType | None) -> None:
        is_first, project.stopping = not project.stopping, True
        if is_first and drain and signum == signal.SIGTERM:
            loop.call_soon_threadsafe(loop.call_later, drain, before[signum], signum, None)
        else:
            before[signum](signum, frame)

    for signum in (signal.SIGTERM, signal.SIGINT):
        handler = signal.getsignal(signum)
        if callable(handler):
            before[signum] = handler
            signal.signal(signum, notice)
    try:
        yield
    finally:
        for signum, handler in before.items():
            if signal.getsignal(signum) is notice:
                signal.signal(signum, handler)
