"""Python with top-level `await`, on a loop that is already there."""

import ast
import builtins
import code
import inspect
import types
from collections.abc import Awaitable, Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

type Run = Callable[[Awaitable[Any]], Any]
"""Runs an awaitable to its end, on the loop where everything at hand lives."""


def execute(source: str, names: dict[str, Any], run: Run, filename: str = "<string>") -> None:
    """Execute a whole program; it may `await` outside of functions."""
    compiled = compile(source, filename, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    _evaluate(compiled, names, run)


def interact(names: dict[str, Any], run: Run, banner: str, *, plain: bool = False) -> None:
    """Read, evaluate and print until the person leaves; in IPython where it is installed, unless `plain`."""
    if not plain and find_spec("IPython") is not None:
        _ipython(names, run, banner)
    else:
        _python(names, run, banner)


def _ipython(names: dict[str, Any], run: Run, banner: str) -> None:
    embed: Any = import_module("IPython.terminal.embed")  # by name: it may be missing where this is type-checked
    shell = embed.InteractiveShellEmbed(banner1=banner, user_ns=names, user_module=types.ModuleType("__main__"))
    shell.loop_runner = run
    shell.autoawait = True
    shell()


def _python(names: dict[str, Any], run: Run, banner: str) -> None:
    try:
        import readline
        import rlcompleter
    except ImportError:  # Windows
        pass
    else:
        readline.set_completer(rlcompleter.Completer(names).complete)
        readline.parse_and_bind("tab: complete")
    AwaitingConsole(names, run).interact(banner, exitmsg="")


class AwaitingConsole(code.InteractiveConsole):
    """Python's own console, where a line may `await`."""

    def __init__(self, names: dict[str, Any], run: Run) -> None:
        super().__init__(names)
        self._names = names
        self._run = run
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    def runcode(self, code: types.CodeType) -> None:
        """Run one statement; show its error and go on."""
        try:
            _evaluate(code, self._names, self._run)
        except SystemExit:
            raise
        except BaseException as error:  # Ctrl-C stops the statement, not the console
            error.__traceback__ = from_the_prompt(error.__traceback__, self.filename)
            self.showtraceback()


def from_the_prompt(trace: types.TracebackType | None, filename: str) -> types.TracebackType | None:
    """Leave out how a statement came to be run: the frames before its own, but for the one that Python leaves out."""
    at = trace
    while at is not None and at.tb_next is not None:
        if at.tb_next.tb_frame.f_code.co_filename == filename:
            return at
        at = at.tb_next
    return trace


def _evaluate(code: types.CodeType, names: dict[str, Any], run: Run) -> None:
    names.setdefault("__builtins__", builtins)  # as `exec` does: generic classes import through them
    result: Any = types.FunctionType(code, names)()
    if code.co_flags & inspect.CO_COROUTINE:
        run(result)
