"""A project whose users are its own. It lives in processes of its own: a process has one app labelled `users`."""

import os
import re
import subprocess
import sys
from pathlib import Path

from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser

from tests.programs import write

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "users.md"
SESSION = """
import sys
from framework.management import main

for line in sys.argv[1:]:
    sys.argv[:] = ["manage.py", *line.split()]
    try:
        main(settings="config.settings:ProjectSettings")
    except SystemExit as error:
        sys.stderr.flush()
        if error.code:
            print("exit", error.code, flush=True)
"""


class Place:
    """The files of the page as a project, and what is run there."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.environ = {"DATABASE_URL": database_url, "DEBUG": "1", "AUTH__PASSWORDS__BCRYPT_COST": "4"}
        self.write("config/__init__.py", "")
        self.write("staff/apps.py", "from framework import AppConfig\n\n\nclass C(AppConfig):\n    name = 'staff'\n")
        for package in ("people", "staff"):
            self.write(f"{package}/__init__.py", "")
        document = Sybil([CodeBlockParser("python", evaluator=lambda _: None)]).parse(PAGE)
        for example in document.examples():
            if match := re.match(r"# (\w+/\w+\.py)\n(.*)", example.region.parsed, re.DOTALL):
                self.write(match[1], match[2])

    def write(self, name: str, text: str) -> Path:
        write(self.folder, {name: text})
        return self.folder / name

    def change(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        assert old in path.read_text()
        self.write(name, path.read_text().replace(old, new))

    def run(self, program: str, *arguments: str) -> str:
        """Run a program in the project's folder; return all it prints."""
        keep = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=self.folder,
            env=keep | self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def manage(self, *lines: str) -> str:
        """Run commands in one process, one after the other; return all they print, and their exit codes."""
        return self.run(SESSION, *lines)
