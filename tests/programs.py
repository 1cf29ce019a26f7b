"""Programs that tests start, and the source that these load."""

import os
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

QUIET = (
    *("-p", "no:cacheprovider"),
    # Plugins that are here for our own tests; loading them takes longer than all the tests of a new project.
    *("-p", "no:valkey", "-p", "no:hypothesispytest", "-p", "no:schemathesis", "-p", "no:pytest_cov"),
)
"""What a pytest of a test's own is called with."""

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
"""A program that runs commands in one process, one after the other; it prints them and their exit codes."""


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write source files below a folder, indented as they like.

    A file that stood there gets a later time of another second: two that differ in neither that nor their size have the
    same bytecode for Python.
    """
    for name, text in files.items():
        path = folder / name
        earlier = int(path.stat().st_mtime) if path.exists() else None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
        if earlier is not None and int(path.stat().st_mtime) <= earlier:
            os.utime(path, (earlier + 1, earlier + 1))
