"""A pytest of its own below each test, with a temporary folder to look into."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.programs import QUIET

PYPROJECT = """
[tool.pytest.ini_options]
anyio_mode = "auto"
filterwarnings = ["error"]
"""


class Run:
    """A folder with tests, and a world-readable TMPDIR that shows what a run leaves behind."""

    def __init__(self, folder: Path, temporary: Path) -> None:
        self.folder = folder
        self.temporary = temporary
        self.processes: list[subprocess.Popen[str]] = []
        self.write("pyproject.toml", PYPROJECT)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def start(self, *arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PYTEST_", "TEST_", "DATABASE_", "REDIS_", "COV_CORE_"))
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", *QUIET, *arguments],
            cwd=self.folder,
            env=inherited | {"TMPDIR": str(self.temporary)} | dict(environ or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # a process group to kill, as a terminal or a CI does
        )
        self.processes.append(process)
        return process

    def close(self) -> None:
        """Kill what a failed test left running."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def __call__(self, *arguments: str, environ: Mapping[str, str] | None = None) -> tuple[int, str]:
        process = self.start(*arguments, environ=environ)
        output, _ = process.communicate(timeout=150)
        return process.returncode, output

    def notes(self) -> list[dict[str, object]]:
        """What the tests wrote with `note`, in any order."""
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("note-*.json"))]

    def left_behind(self) -> list[str]:
        """Folders of servers, and processes that work in them."""
        folders = [str(path) for path in self.temporary.glob("framework-test-*")]
        return folders + processes_in(self.temporary)


def processes_in(folder: Path) -> list[str]:
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append(f"{process.name}: {command}")
    return found


@contextmanager
def running_in(folder: Path) -> Iterator[Run]:
    temporary = Path(tempfile.mkdtemp(prefix="servers-"))
    temporary.chmod(0o755)
    run = Run(folder, temporary)
    yield run
    run.close()
    shutil.rmtree(temporary)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A folder of tests that runs in a pytest of its own."""
    with running_in(tmp_path) as run:
        yield run


@pytest.fixture(scope="module")
def shared_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The same for several tests of a module, each of which looks at a part of what one run said."""
    with running_in(tmp_path_factory.mktemp("run")) as run:
        yield run


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], bool]:
    """Ask until the answer is yes, for a minute at most."""

    def ask(question: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + 60
        while not question():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    return ask
