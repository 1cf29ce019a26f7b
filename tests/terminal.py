"""Programs at a terminal: what is asked is waited for before it is answered."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

PATIENCE = 100.0  # seconds until the wanted words stand there


class Terminal:
    """A Python program at a terminal: `Terminal(folder, environ, "manage.py", "shell")`."""

    def __init__(self, folder: Path, environ: Mapping[str, str], *words: str) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, *words],
            cwd=folder,
            env={**environ, "TERM": "dumb"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.text = ""

    def read_until(self, wanted: str) -> str:
        """Return what was said before the wanted words; raise when they do not come."""
        end = time.monotonic() + PATIENCE
        while wanted not in self.text:
            assert time.monotonic() < end, self.text
            assert self._read(), self.text
        said, _, self.text = self.text.partition(wanted)
        return said

    def rest(self) -> str:
        """Return what is said until the program ends."""
        end = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < end, self.text
        return self.text

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self.master, line.encode() + b"\n")

    def answer(self, question: str, typed: str) -> str:
        """Wait for a question and answer it; return what was said before it."""
        said = self.read_until(question)
        self.type(typed)
        return said

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.killpg(self.process.pid, signal.SIGINT)

    def close(self) -> None:
        """End it, whatever it is at."""
        os.close(self.master)
        self.process.kill()
        self.process.wait()

    def _read(self) -> bool:
        """Read what there is to read, for a moment; return False when nothing will come any more."""
        if select.select([self.master], [], [], 0.2)[0]:
            try:
                self.text += os.read(self.master, 4096).decode()
            except OSError:  # the other side is closed
                return False
            self.text = re.sub(r"\x1b\[\d+m|\r(?=\n)", "", self.text)  # no colours, and lines as elsewhere
        return True
