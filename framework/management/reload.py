"""Autoreload: one process watches the files, another serves, and a change replaces the second."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType

SOCKET_VARIABLE = "FRAMEWORK_RUNSERVER_SOCKET"
LIFELINE_VARIABLE = "FRAMEWORK_RUNSERVER_LIFELINE"
SUFFIXES = (".py", ".toml", ".env")
PATIENCE = 8.0
"""Seconds that a serving process has to end before it is killed."""


def supervise(listener: socket.socket, folders: Iterable[Path], say: Callable[[str], None]) -> None:
    """Serve in a child process and replace it when a source file in one of `folders` changes, until told to end.

    A child that dies, as from a syntax error, is replaced with the next change.
    """
    ended = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:
        ended.set()

    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, end)
    child = Child(listener)
    try:
        child.start()
        for path in changes(list(folders), ended):
            say(f"{path} changed, reloading.")
            child.stop()
            if ended.is_set():
                break
            child.start()
    finally:
        child.stop()


class Child:
    """The serving process: this very command line again, with the socket handed over."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._process: subprocess.Popen[bytes] | None = None
        # The child reads the other end, and ends when this process is gone, however it went.
        self._lifeline, self._held = os.pipe()

    def start(self) -> None:
        """Start it."""
        handed: tuple[int, ...] = (self._listener.fileno(), self._lifeline)
        environment = {SOCKET_VARIABLE: str(handed[0]), LIFELINE_VARIABLE: str(handed[1])}
        self._process = subprocess.Popen(  # noqa: S603 — the command line that started this process
            [sys.executable, *sys.orig_argv[1:]], env=os.environ | environment, pass_fds=handed
        )

    def stop(self) -> None:
        """End it: ask first, insist after a while."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def inherited_socket() -> socket.socket | None:
    """Return the socket that the watching process handed over; `None` when this is not its child."""
    descriptor, lifeline = os.environ.pop(SOCKET_VARIABLE, None), os.environ.pop(LIFELINE_VARIABLE, None)
    if descriptor is None or lifeline is None:
        return None
    threading.Thread(target=_end_with_parent, args=(int(lifeline),), daemon=True).start()
    os.set_inheritable(int(descriptor), False)
    os.set_inheritable(int(lifeline), False)
    return socket.socket(fileno=int(descriptor))


def _end_with_parent(lifeline: int) -> None:
    with contextlib.suppress(OSError):
        os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def changes(folders: list[Path], ended: threading.Event) -> Iterator[Path]:
    """Yield a changed source file at a time, until `ended` is set."""
    import watchfiles

    while not ended.is_set():
        watched = list(source_folders(folders))
        # Folder by folder: watched recursively, an environment or node_modules inside would cost thousands of handles.
        for found in watchfiles.watch(*watched, recursive=False, watch_filter=None, stop_event=ended):
            paths = [Path(path) for _, path in found]
            grown = [path for path in paths if path.is_dir() and not is_ignored(path)]
            sources = [path for path in paths if is_source(path)]
            sources += [path for folder in grown for path in folder.rglob("*") if is_source(path)]
            if sources:
                yield min(sources)
            if grown:
                break


def source_folders(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield each folder and the folders below it that may hold source."""
    for top in folders:
        for folder, below, _ in os.walk(top):
            below[:] = [name for name in below if not is_ignored(Path(folder, name))]
            yield Path(folder)


def is_ignored(folder: Path) -> bool:
    """Tell whether a folder holds no source of the project: hidden, a cache, an environment, installed packages."""
    name = folder.name
    return name.startswith((".", "__")) or name in ("node_modules", "site-packages") or (folder / "pyvenv.cfg").exists()


def is_source(path: Path) -> bool:
    """Tell whether a change of the file asks for a reload: code, TOML and `.env`; never a database or a cache."""
    return path.name == ".env" or (path.suffix in SUFFIXES and not path.name.startswith((".", "~", "#")))
