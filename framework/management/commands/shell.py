"""`shell`."""

import sys
from typing import Annotated, Any

import typer

from framework import __version__
from framework.management.console import execute, interact
from framework.management.invocation import Invocation
from framework.management.namespace import Namespace
from framework.management.work import Work, terminate_cleanly
from framework.services import Inject

commands = typer.Typer()


@commands.command()
def shell(
    invocation: Inject[Invocation],
    command: Annotated[str | None, typer.Option("--command", "-c", help="Run this code and exit.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Use Python's own console, even where IPython is.")] = False,
    no_imports: Annotated[bool, typer.Option("--no-imports", help="Import no models and services.")] = False,
) -> None:
    """Run Python with the project loaded and a scope open; `await` works at the prompt.

    At a prompt, what each line changed is committed with it; a program given by -c or a pipe is one transaction.
    """
    terminate_cleanly()
    with Work(invocation.project) as work:
        names: dict[str, Any] = {
            "project": invocation.project,
            "settings": invocation.settings,
            "scope": work.scope,
            "get": work.scope.get,
        }
        found = Namespace() if no_imports else Namespace.of(invocation.project)
        names |= found.objects
        if command is not None:
            execute(command, names, work.run)
        elif not sys.stdin.isatty():
            execute(sys.stdin.read(), names, work.run, "<stdin>")
        else:
            # Nobody knows when the next line comes, and on SQLite whoever has begun to write keeps all others from it.
            interact(names, work.run_and_store, banner(found, invocation), plain=plain)


def banner(found: Namespace, invocation: Invocation) -> str:
    """Return what is said before the first prompt."""
    lines = [f"Framework {__version__} on Python {sys.version.split()[0]}, settings {invocation.target!r}"]
    if invocation.verbosity >= 1:
        detail = " (use -v 2 for details)." if invocation.verbosity == 1 else ", including:"
        lines.append(f"{len(found.objects)} objects imported automatically{detail}")
    if invocation.verbosity >= 2:
        lines += ["", *(f"  {line}" for line in found.lines()), ""]
    lines.append("Also at hand: project, settings, scope; `await get(PostService)` gives a service.")
    lines.append("What a line changes is committed with it, or rolled back when it fails.")
    return "\n".join(lines)
