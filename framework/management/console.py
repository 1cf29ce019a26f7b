"""Python with top-level `await`, on a loop that is already there."""

import ast
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
        except BaseException:  # Ctrl-C stops the statement, not the console
            self.showtraceback()


def _evaluate(code: types.CodeType, names: dict[str, Any], run: Run) -> None:
    result: Any = types.FunctionType(code, names)()
    if code.co_flags & inspect.CO_COROUTINE:
        run(result)
