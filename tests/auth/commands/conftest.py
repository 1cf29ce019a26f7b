"""A project with users, and its command line in a process of its own."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SETTINGS = """
from framework import Settings
from framework.auth import AuthSettings


class ProjectSettings(Settings):
    installed_apps: tuple[str, ...] = (
        "framework.db",
        "framework.migrations",
        "framework.cache",
        "framework.throttling",
        "framework.mail",
        "framework.users",
        "framework.auth",
    )
    auth: AuthSettings = AuthSettings(login_fields={fields})
"""

SESSION = """
import sys
from framework.management import main

for line in sys.argv[1:]:
    sys.argv[:] = ["manage.py", *line.split()]
    print("$", line, flush=True)
    try:
        main(settings="config.settings:ProjectSettings")
    except SystemExit as error:
        sys.stderr.flush()
        if error.code:
            print("exit", error.code, flush=True)
"""


class Site:
    """A project in a folder."""

    def __init__(self, folder: Path, database_url: str, *fields: str) -> None:
        self.folder = folder
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        self.environ = {
            **kept,
            "DATABASE_URL": database_url,
            "SECRET_KEY": "x1y2z3w4" * 5,
            "AUTH__PASSWORDS__BCRYPT_COST": "4",
            "LOGNAME": "ann",
        }
        (folder / "config").mkdir()
        (folder / "config" / "__init__.py").touch()
        (folder / "config" / "settings.py").write_text(SETTINGS.format(fields=fields))

    def manage(self, *lines: str, stdin: str = "", **environ: str) -> str:
        """Run commands in one process, one after the other; return all they print, and their exit codes."""
        done = subprocess.run(
            [sys.executable, "-c", SESSION, *lines],
            cwd=self.folder,
            env=self.environ | environ,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=150,
            check=True,
        )
        return done.stdout


class Dialogue:
    """Commands at a terminal: what is asked is waited for before it is answered."""

    def __init__(self, site: Site, *lines: str) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", SESSION, *lines],
            cwd=site.folder,
            env=site.environ | {"TERM": "dumb"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.text = ""

    def answer(self, question: str, typed: str) -> str:
        """Wait for a question and answer it; return what was said before it."""
        said = self.read_until(question)
        os.write(self.master, typed.encode() + b"\n")
        return said

    def interrupt(self, question: str) -> None:
        """Press Ctrl-C instead of answering."""
        self.read_until(question)
        self.process.send_signal(signal.SIGINT)

    def read_until(self, wanted: str) -> str:
        end = time.monotonic() + 100
        while wanted not in self.text:
            assert time.monotonic() < end, self.text
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.text += os.read(self.master, 4096).decode()
                except OSError:  # the other side is closed
                    raise AssertionError(self.text) from None
                self.text = re.sub(r"\x1b\[\d+m|\r(?=\n)", "", self.text)  # no colours, and lines as elsewhere
        read, _, self.text = self.text.partition(wanted)
        return read

    def close(self) -> None:
        os.close(self.master)
        self.process.kill()
        self.process.wait()


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Site:
    """A project whose users log in by email, once on SQLite and once on PostgreSQL."""
    return Site(tmp_path, database_url, "email")


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Callable[..., Dialogue]]:
    """Run commands at a terminal, in a project on SQLite whose users log in by email and by username."""
    open_: list[Dialogue] = []
    site = Site(tmp_path, f"sqlite:///{tmp_path / 'db.sqlite3'}", "email", "username")

    def start(*lines: str) -> Dialogue:
        open_.append(Dialogue(site, *lines))
        return open_[-1]

    yield start
    for dialogue in open_:
        dialogue.close()
