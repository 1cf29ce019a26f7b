"""Python with top-level await, as a program and at a prompt."""

from __future__ import annotations  # `Folder` is only for checkers: a conftest cannot be imported

import asyncio
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from framework import Project, Settings
from framework.management.console import AwaitingConsole, execute
from framework.management.work import Work
from tests.terminal import Terminal

if TYPE_CHECKING:
    from tests.management.conftest import Folder


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def test_a_program_may_await_outside_of_functions(runner: asyncio.Runner) -> None:
    names: dict[str, Any] = {}
    execute("import asyncio\nx = await asyncio.sleep(0, 3)\ndef f(): return x + 1\ny = f()", names, runner.run)
    assert (names["x"], names["y"]) == (3, 4)


def test_a_program_that_awaits_nothing_runs_no_loop() -> None:
    def never(awaitable: object) -> None:
        raise AssertionError

    names: dict[str, Any] = {}
    execute("x = 1", names, never)
    assert names["x"] == 1


def test_a_line_prints_its_value_and_an_error_does_not_end_the_console(
    runner: asyncio.Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {"sleep": asyncio.sleep}
    console = AwaitingConsole(names, runner.run)
    for line in ("await sleep(0, 41)", "x = await sleep(0, 1)", "x + 1", "await 5", "1 / 0", "def f(:"):
        assert console.push(line) is False
    output = capsys.readouterr()
    assert output.out == "41\n2\n"
    assert "object int can't be used in 'await' expression" in output.err
    assert "ZeroDivisionError" in output.err
    assert "SyntaxError" in output.err


def test_a_traceback_begins_at_the_prompt(runner: asyncio.Runner, capsys: pytest.CaptureFixture[str]) -> None:
    console = AwaitingConsole({"sleep": asyncio.sleep}, runner.run)
    console.push("1 / 0")
    console.push("await sleep('x')")
    said = capsys.readouterr().err
    assert said.count('File "<console>", line 1, in <module>') == 2
    assert "console.py" not in said
    assert "runners.py" not in said


def test_a_generic_class_takes_its_arguments_at_the_prompt(
    runner: asyncio.Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {}
    execute(GENERIC, names, runner.run)
    AwaitingConsole(names, runner.run).push("Box[int]")
    assert "Box[int]" in capsys.readouterr().out


GENERIC = "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass Box(Generic[T]): ...\nBox[str]"


def test_leaving_is_possible_from_a_line(runner: asyncio.Runner) -> None:
    with pytest.raises(SystemExit):
        AwaitingConsole({}, runner.run).push("raise SystemExit")


def shell(folder: Folder, *words: str) -> Terminal:
    environ = folder.environment | {"IPYTHONDIR": str(folder.path / ".ipython")}
    return Terminal(folder.path, environ, "manage.py", "shell", *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-v", "2"), "imported automatically, including:\n\n  from blog.models import Post\n"),
        ((), "imported automatically (use -v 2 for details).\n"),
    ],
)
def test_the_shell_at_a_terminal_awaits_and_says_what_it_imported(
    project: Folder, words: tuple[str, ...], said: str
) -> None:
    project.app("blog", {"models.py": "class Post: ...\nclass _Hidden: ...\n"})
    project.install("blog")
    terminal = shell(project, "--plain", *words)
    try:
        terminal.read_until(said)
        terminal.read_until(">>> ")
        terminal.type("(await get(type(project))) is project and Post.__name__")
        assert "'Post'" in terminal.read_until(">>> ")
        terminal.type("import asyncio; await asyncio.sleep(60)")
        time.sleep(0.5)
        terminal.interrupt()
        assert "KeyboardInterrupt" in terminal.read_until(">>> ")
        terminal.type("exit()")
        assert terminal.process.wait(20) == 0
    finally:
        terminal.close()


def test_the_shell_is_ipython_where_that_is_installed(project: Folder) -> None:
    terminal = shell(project)
    try:
        terminal.read_until("objects imported automatically")
        terminal.read_until("In [")
        terminal.type("(await get(type(project))) is project, 6 * 7")
        assert "(True, 42)" in terminal.read_until("In [")
        terminal.type("exit")
        assert terminal.process.wait(20) == 0
    finally:
        terminal.close()


class Rows:
    """A service with a transaction, as far as a scope knows of one."""

    def __init__(self) -> None:
        self.pending: list[str] = []
        self.stored: list[str] = []

    async def add(self, row: str) -> None:
        self.pending.append(row)

    def in_transaction(self) -> bool:
        return bool(self.pending)

    async def commit(self) -> None:
        self.stored += self.pending
        self.pending = []

    async def rollback(self) -> None:
        self.pending = []


def test_what_a_line_changes_is_stored_with_it_and_what_a_failing_one_changes_is_not() -> None:
    project = Project(Settings(_env_file=None, _environ={}, _secrets_dir=None, debug=True))
    project.services.provide(Rows)
    with Work(project, {"rows": Rows}) as work:
        console = AwaitingConsole(dict(work.services), work.run_and_store)
        rows: Rows = work.services["rows"]
        for line in ("await rows.add('a')", "await rows.add('b'); 1 / 0", "await rows.add('c')"):
            console.push(line)
            assert not rows.in_transaction()
        assert rows.stored == ["a", "c"]
