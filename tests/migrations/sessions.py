"""Commands in processes of their own, forked from one that has loaded the framework: a start is paid for once.

Run as a program it is that one; it has imported no project, and each session begins in its own folder and environment.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from select import select
from typing import IO, Any

SECONDS = 55


class Sessions:
    """The process that is forked from."""

    def __init__(self) -> None:
        command = [sys.executable, "-W", "error", __file__]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, lines: Sequence[str], folder: Path, environment: Mapping[str, str], program: str = "") -> str:
        """Run commands in one process, one after the other; return all they print, and their exit codes.

        `use URL` among them names the database of those that follow. A `program` runs after them.
        """
        sent, told = self.process.stdin, self.process.stdout
        assert sent is not None
        assert told is not None
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as output:
            request = {
                "lines": lines,
                "program": program,
                "folder": str(folder),
                "environment": environment,
                "output": output.name,
            }
            sent.write(json.dumps(request, default=dict) + "\n")
            sent.flush()
            if not select([told], [], [], SECONDS)[0]:
                raise TimeoutError(output.read())
            code = told.readline()
            text = output.read()
        assert code == "0\n", text
        return text

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


@cache
def sessions() -> Sessions:
    """Return the one process of this test run."""
    import atexit

    made = Sessions()
    atexit.register(made.close)
    return made


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Fork for each line, and answer with the exit code of what was forked."""
    import importlib
    import os

    for name in ("sqlmodel", "aiosqlite", "asyncpg", "framework.management", "framework.project", "framework.db"):
        importlib.import_module(name)
    for name in (
        "commands",
        "makemigrations.planner",
        "executor.project",
        "state.replay",
        "autodetector.detector",
        "writer.files",
        "drift",
    ):
        importlib.import_module(f"framework.migrations.{name}")
    for line in requests:
        child = os.fork()
        if not child:
            work(json.loads(line))
        answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        answers.flush()


def work(request: Mapping[str, Any]) -> None:
    """Be the process of one session. Does not return."""
    import atexit
    import os
    import traceback

    code = 1
    try:
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.path[:1] = ["", *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
        output = os.open(request["output"], os.O_WRONLY | os.O_APPEND)
        for place, descriptor in ((0, os.open(os.devnull, os.O_RDONLY)), (1, output), (2, output)):
            os.dup2(descriptor, place)
        for line in request["lines"]:
            command(line)
        exec(request["program"], {"__name__": "__main__"})
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def command(line: str) -> None:
    """Run one command as `manage.py` does."""
    import os

    from framework.management import main

    name, *words = line.split()
    if name == "use":
        os.environ["DATABASE_URL"] = words[0]
        return
    sys.argv[:] = ["manage.py", name, *words]
    print("$", line, flush=True)
    try:
        main(settings="config.settings:ProjectSettings")
    except SystemExit as error:
        sys.stderr.flush()
        if error.code:
            print("exit", error.code, flush=True)


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
