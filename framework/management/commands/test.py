"""`test`."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import typer

from framework.errors import CommandError
from framework.management.invocation import Invocation
from framework.services import Inject

commands = typer.Typer()


@commands.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": ["--help"]},
    add_help_option=True,
)
def test(invocation: Inject[Invocation], context: typer.Context) -> None:
    """Run the tests with pytest, in debug. What follows goes to pytest: `test -x blog/tests`."""
    invocation.require_project()
    if find_spec("pytest") is None:
        raise CommandError(
            "pytest is not installed.", hint='Install it with: pip install "framework[testing]"', code="test.pytest"
        )
    invocation.develop()
    root = invocation.root
    if not Path.cwd().is_relative_to(root):
        os.chdir(root)
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    # A process of its own: pytest rewrites assertions as modules are imported, and some are imported here already.
    command = [sys.executable, "-m", "pytest", *context.args]
    if os.name == "posix":
        os.execve(sys.executable, command, environment)  # noqa: S606 — the same interpreter, in this one's place
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)  # noqa: S603
