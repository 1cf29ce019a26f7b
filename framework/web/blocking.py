"""A watchdog of the event loop: what keeps it from turning is named, with its line."""

import asyncio
import logging
import sys
import sysconfig
import threading
from asyncio import base_events, runners
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from types import FrameType

__all__ = ["reporting_blocks"]

_log = logging.getLogger("framework.web.blocking")
_PATHS = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_LIBRARIES = (*_PATHS, str(Path(__file__).parents[1]), "<")
_LOOP = {base_events.__file__, runners.__file__}
"""Where every loop is run from: below stands whatever started the process, `manage.py` for one."""

TEXT = (
    "The event loop has been blocked for %.2f s by %s:%s, in %s. Nobody else is served meanwhile: await something that"
    " does the same, or call it in a thread, with asyncio.to_thread()."
)


@contextmanager
def reporting_blocks(seconds: float) -> Generator[None]:
    """Warn, while the block lasts, of code that keeps the running event loop from turning for `seconds`.

    Each line is named once. 0 watches nothing.
    """
    if not seconds:
        yield
        return
    watchdog = Watchdog(asyncio.get_running_loop(), seconds)
    watchdog.start()
    try:
        yield
    finally:
        watchdog.stop()


class Watchdog(threading.Thread):
    """A thread that looks whether the loop's heart still beats, and if not, where its thread is."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        super().__init__(name="framework-watchdog", daemon=True)
        self._loop = loop
        self._seconds = seconds
        self._watched = threading.get_ident()
        self._beaten = monotonic()
        self._beat: asyncio.TimerHandle | None = None
        self._stopped = threading.Event()
        self._reported: set[tuple[str, int]] = set()

    def start(self) -> None:
        """Begin to watch; called in the loop's thread."""
        self._pulse()
        super().start()

    def stop(self) -> None:
        """Watch no longer; called in the loop's thread."""
        self._stopped.set()
        if self._beat is not None:
            self._beat.cancel()
        self.join(1)

    def _pulse(self) -> None:
        self._beaten = monotonic()
        self._beat = self._loop.call_later(self._seconds / 4, self._pulse)

    def run(self) -> None:
        """Look now and then."""
        while not self._stopped.wait(self._seconds / 4):
            late = monotonic() - self._beaten
            if late > self._seconds:
                # The only way to see what another thread is at.
                frame = guilty(sys._current_frames().get(self._watched))  # pyright: ignore[reportPrivateUsage]
                if frame is not None:
                    self._report(frame, late)

    def _report(self, frame: FrameType, late: float) -> None:
        place = (frame.f_code.co_filename, frame.f_lineno)
        if place not in self._reported:
            self._reported.add(place)
            _log.warning(TEXT, late, *place, frame.f_code.co_qualname)


def guilty(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame of the project's own code that the loop is in; `None` when it is in none.

    Then a library is at work, or the loop itself waits and the whole machine is late.
    """
    while frame is not None and frame.f_code.co_filename not in _LOOP:
        if not frame.f_code.co_filename.startswith(_LIBRARIES):
            return frame
        frame = frame.f_back
    return None
