"""How a command's function runs: injected parameters, the project's lifespan and the scope."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, ClassVar

import pytest
import typer
from typer.testing import CliRunner

from framework import Inject, Project, Section, Settings
from framework.errors import CommandError, NotFound
from framework.management import Invocation
from framework.management.callback import prepare


class Ledger(list[str]):
    """What happened, in order."""


class Unit:
    """A service that commits or rolls back with its scope."""


class AppSettings(Section):
    prefix: ClassVar[str] = "ledger"
    size: int = 3


APP = """
from contextlib import asynccontextmanager

from framework import AppConfig

events = []


class Config(AppConfig):
    name = "callback_app"

    @asynccontextmanager
    async def lifespan(self, project):
        events.append("started")
        try:
            yield
        finally:
            events.append("stopped")
"""


@pytest.fixture
def invocation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Invocation]:
    """A loaded project with one app that notes its lifespan, and a service that notes how its scope ended."""
    (tmp_path / "callback_app").mkdir()
    (tmp_path / "callback_app/__init__.py").touch()
    (tmp_path / "callback_app/apps.py").write_text(APP)
    monkeypatch.syspath_prepend(tmp_path)
    made = Invocation("manage.py", None)
    project = Project(Settings(installed_apps=("callback_app",)))
    made.__dict__.update(settings=project.settings, project=project)
    ledger = Ledger()
    sys.modules["callback_app.apps"].events = ledger

    @asynccontextmanager
    async def unit() -> AsyncGenerator[Unit]:
        try:
            yield Unit()
        except BaseException as error:
            ledger.append(f"rolled back by {type(error).__name__}")
            raise
        ledger.append("committed")

    project.services.value(Ledger, ledger)
    project.services.provide(Unit, unit)
    yield made
    for name in ("callback_app", "callback_app.apps"):
        del sys.modules[name]


def run(callback: object, invocation: Invocation, *words: str) -> object:
    commands = typer.Typer()
    commands.command()(prepare(callback, invocation))  # type: ignore[arg-type]
    return CliRunner().invoke(commands, list(words), catch_exceptions=True)


def ledger(invocation: Invocation) -> list[str]:
    return sys.modules["callback_app.apps"].events


def test_typer_sees_no_injected_parameter_and_the_function_gets_both(invocation: Invocation) -> None:
    async def load(
        unit: Inject[Unit], path: Annotated[str, typer.Argument()], project: Inject[Project], count: int = 1
    ) -> None:
        assert isinstance(unit, Unit)
        assert project is invocation.project
        typer.echo(f"{path} {count}")

    done = run(load, invocation, "here", "--count", "2")

    assert (done.exit_code, done.output) == (0, "here 2\n")
    assert "unit" not in run(load, invocation, "--help").output


def test_an_async_command_runs_inside_the_lifespan_and_a_scope(invocation: Invocation) -> None:
    async def load(unit: Inject[Unit], ledger: Inject[Ledger]) -> None:
        await asyncio.sleep(0)
        ledger.append("ran")

    assert run(load, invocation).exit_code == 0
    assert ledger(invocation) == ["started", "ran", "committed", "stopped"]


def test_a_sync_command_runs_inside_them_too_and_may_run_a_loop_of_its_own(invocation: Invocation) -> None:
    async def nothing() -> str:
        return "looped"

    def load(unit: Inject[Unit], ledger: Inject[Ledger]) -> None:
        ledger.append(asyncio.run(nothing()))

    assert run(load, invocation).exit_code == 0
    assert ledger(invocation) == ["started", "looped", "committed", "stopped"]


@pytest.mark.parametrize("is_async", [True, False])
def test_an_error_rolls_back_and_closes_everything(invocation: Invocation, is_async: bool) -> None:
    async def load(unit: Inject[Unit]) -> None:
        raise NotFound("thing")

    def load_sync(unit: Inject[Unit]) -> None:
        raise NotFound("thing")

    done = run(load if is_async else load_sync, invocation)

    assert isinstance(done.exception, NotFound)
    assert ledger(invocation) == ["started", "rolled back by NotFound", "stopped"]


@pytest.mark.parametrize(("code", "end"), [(0, "committed"), (4, "rolled back by Exit")])
def test_leaving_with_code_zero_commits_and_with_another_rolls_back(
    invocation: Invocation, code: int, end: str
) -> None:
    async def load(unit: Inject[Unit]) -> None:
        raise typer.Exit(code)

    assert run(load, invocation).exit_code == code
    assert ledger(invocation) == ["started", end, "stopped"]


def test_ctrl_c_rolls_back(invocation: Invocation) -> None:
    def load(unit: Inject[Unit]) -> None:
        raise KeyboardInterrupt

    assert run(load, invocation).exit_code == 130
    assert ledger(invocation) == ["started", "rolled back by CancelledError", "stopped"]


def test_a_failing_commit_is_the_commands_failure(invocation: Invocation) -> None:
    class Failing: ...

    @asynccontextmanager
    async def failing() -> AsyncGenerator[Failing]:
        yield Failing()
        raise ValueError("commit failed")

    invocation.project.services.provide(Failing, failing)

    async def load(service: Inject[Failing]) -> None: ...

    done = run(load, invocation)

    assert isinstance(done.exception, ValueError)
    assert done.exit_code == 1
    assert ledger(invocation) == ["started", "stopped"]


def test_a_lifespan_that_fails_to_start_is_the_commands_failure(invocation: Invocation) -> None:
    @asynccontextmanager
    async def lifespan(project: Project) -> AsyncGenerator[None]:
        raise OSError("no database")
        yield

    app = invocation.project.apps["callback_app"]
    app.lifespan = lifespan  # type: ignore[method-assign]

    async def load(unit: Inject[Unit]) -> None:
        raise AssertionError("not reached")

    assert str(run(load, invocation).exception) == "no database"


@pytest.mark.parametrize("is_async", [True, False])
def test_the_project_its_settings_and_sections_come_without_lifespan_and_scope(
    invocation: Invocation, is_async: bool
) -> None:
    def load(
        project: Inject[Project], settings: Inject[Settings], size: Inject[AppSettings], own: Inject[Invocation]
    ) -> None:
        assert settings is project.settings
        assert own is invocation
        typer.echo(size.size)

    async def load_async(
        project: Inject[Project], settings: Inject[Settings], size: Inject[AppSettings], own: Inject[Invocation]
    ) -> None:
        load(project, settings, size, own)

    done = run(load_async if is_async else load, invocation)

    assert done.output == "3\n", done.exception
    assert ledger(invocation) == []


def test_who_injects_nothing_needs_no_project(invocation: Invocation) -> None:
    outside = Invocation("manage.py", None)

    async def load(name: str) -> None:
        typer.echo(name)

    assert run(load, outside, "here").output == "here\n"


def test_verbosity_reaches_the_invocation(invocation: Invocation) -> None:
    def load(own: Inject[Invocation]) -> None:
        typer.echo(own.verbosity)

    assert run(load, invocation).output == "1\n"
    assert run(load, invocation, "-v", "2").output == "2\n"
    assert run(load, invocation, "-v", "7").exit_code == 2


def test_a_name_known_only_to_type_checkers_is_named_in_the_error(invocation: Invocation) -> None:
    def load(thing: "Inject[Nowhere]") -> None: ...  # noqa: F821

    with pytest.raises(CommandError, match="names 'Nowhere' in its signature"):
        prepare(load, invocation)
