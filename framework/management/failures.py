"""How a command says that it failed: one line for what the framework found, a traceback for an app's own error."""

import os
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Never

import typer

from framework.errors import CommandError, FrameworkError
from framework.management.invocation import Invocation


def say(text: str, invocation: Invocation, *, fg: str | None = None) -> None:
    """Print to stderr."""
    typer.secho(text, err=True, fg=fg, color=invocation.color)


def fail(error: FrameworkError, invocation: Invocation) -> Never:
    """Print an error of the framework as one line and its hint, or with its traceback when asked for, and exit."""
    if invocation.show_traceback:
        traceback.print_exception(error)
    else:
        say(f"{type(error).__name__}: {str(error).removesuffix(f'  [{CommandError.code}]')}", invocation, fg="red")
    sys.exit(error.exit_code if isinstance(error, CommandError) else 1)


def fail_in_app(error: Exception, invocation: Invocation) -> Never:
    """Print the traceback of somebody else's error, from the first frame that is not ours, and exit."""
    if not invocation.show_traceback:
        trace = _from_the_app(error.__traceback__)
        # A syntax error says itself where it is: no frame of the app ever ran.
        own = trace is not None or isinstance(error, SyntaxError)
        error = error.with_traceback(trace if own else error.__traceback__)
    traceback.print_exception(error)
    sys.exit(1)


def _from_the_app(trace: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first frame outside the framework and what calls through it, or `None`."""
    standard = Path(os.__file__).parent
    called_through = ("asyncio", "contextlib.py", "functools.py", "importlib")
    ours = [Path(__file__).parents[1], Path(typer.__file__).parent, *(standard / name for name in called_through)]
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith(("<frozen importlib", *map(str, ours))):
            break
        trace = trace.tb_next
    return trace


def blame(error: BaseException) -> str:
    """Return an error as one line that names the last place of its traceback: `KeyError: 'X' (settings.py, line 7)`."""
    said = " ".join(traceback.format_exception_only(error)[-1].split())
    if isinstance(error, SyntaxError):
        return f"{said} ({error.filename}, line {error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if is_the_projects(frame.filename)]
    return f"{said} ({inside[-1].filename}, line {inside[-1].lineno})" if inside else said


def is_the_projects(file: str) -> bool:
    """Tell whether a file is neither Python's, nor an installed package's, nor the framework's."""
    # A virtual environment may stand in the project's own folder, so it is told by its libraries.
    libraries = ("<", sys.base_prefix, str(Path(__file__).parents[1]))
    return "site-packages" not in file and not file.startswith(libraries)
