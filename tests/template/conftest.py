"""A new project, and its programs."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.programs import QUIET

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]


class Site:
    """A folder with a project, and the programs of this environment at work in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "COV_CORE_", "DATABASE_", "REDIS_"))
            and name not in ("DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "FRAMEWORK_SETTINGS")
        } | {"NO_COLOR": "1", "PYTEST_ADDOPTS": " ".join(QUIET)}

    def run(self, program: str, *arguments: str, environ: Mapping[str, str] | None = None, code: int = 0) -> str:
        """Run a program, and return what it said; it must exit with `code`."""
        done = subprocess.run(
            [BIN / program, *arguments],
            cwd=self.folder,
            env=self.environ | dict(environ or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{program} {' '.join(arguments)}\n{done.stdout}"
        return done.stdout

    def manage(self, *arguments: str, environ: Mapping[str, str] | None = None, code: int = 0) -> str:
        return self.run("python", "manage.py", *arguments, environ=environ, code=code)

    def start(self, log: Path, program: str, *arguments: str, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a server, which says what it says to `log`."""
        with log.open("wb") as output:
            return subprocess.Popen(
                [BIN / program, *arguments],
                cwd=self.folder,
                env=self.environ | dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
