"""The whole command line, in processes of its own."""

from __future__ import annotations  # `Folder` is only for checkers: a conftest cannot be imported

import json
import re
import signal
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.management.conftest import Folder

COMMANDS = """
import typer

from framework import Inject
from framework.errors import CommandError

commands = typer.Typer()


@commands.command()
def load(count: int = 1) -> None:
    \"\"\"Load things.

    And explain at length.
    \"\"\"
    print("loaded", count)


@commands.command()
async def refuse(code: int = 1) -> None:
    raise CommandError("No things here.", hint="Bring some.", code="things.none", exit_code=code)


@commands.command(hidden=True)
def crash() -> None:
    raise KeyError("thing")
"""


def test_without_a_command_all_are_listed_by_app(project: Folder) -> None:
    project.app("blog", {"commands.py": COMMANDS})
    project.app("shop", {})
    project.install("blog", "shop")

    done = project.manage()

    assert done.returncode == 0, done.stderr
    core, _, blog = done.stdout.partition("[blog]")
    assert re.search(r"^\[framework\]$", core, re.MULTILINE)
    for name in ("apps", "check", "runserver", "shell", "startapp", "startproject", "test", "version"):
        assert re.search(rf"^    {name} +\w", core, re.MULTILINE), name
    assert blog.partition("Note:")[0].split() == ["load", "Load", "things.", "refuse"]
    assert done.stdout == project.manage("help").stdout == project.manage("--help").stdout


def test_listing_commands_imports_no_app_and_nothing_heavy(project: Folder) -> None:
    boom = "raise RuntimeError('imported')"
    for name in ("blog", "outer"):
        project.app(name, dict.fromkeys(("__init__.py", "models.py", "services.py", "routes.py"), boom))
        project.write({f"{name}/commands.py": f"{boom}\n{COMMANDS}"})
    project.app("outer/inner", {"commands.py": COMMANDS.replace("load", "inner")})
    batteries = [f"framework.{name}" for name in ("log", "db", "migrations", "cache", "health")]
    project.install(*batteries, "blog", "outer.inner")
    sections = "from framework.cache import CacheSettings\nfrom framework.db import DatabaseSettings\n"
    settings = project.path / "config/settings.py"
    settings.write_text(sections + "from framework.web import WebSettings\n" + settings.read_text())
    loaded = (
        "import atexit, json, sys\natexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))\n"
    )
    project.write({"manage.py": loaded + (project.path / "manage.py").read_text()})

    done = project.manage("--help")
    base = project.python("-c", loaded + "import pydantic_settings, typer")

    assert done.returncode == 0
    assert "[blog]" in done.stdout
    assert "[inner]" in done.stdout
    assert "[migrations]" in done.stdout
    added = set(json.loads(done.stderr)) - set(json.loads(base.stderr))
    assert {name for name in added if name.partition(".")[0] not in ("framework", "config")} <= {"gc", "pkgutil"}


def test_a_command_runs_and_prints_nothing_else(project: Folder) -> None:
    project.app("blog", {"commands.py": COMMANDS})
    project.install("blog")

    done = project.manage("load", "--count", "3")

    assert (done.returncode, done.stdout, done.stderr) == (0, "loaded 3\n", "")


def test_only_the_module_of_the_chosen_command_is_imported(project: Folder) -> None:
    project.app("blog", {"commands.py": COMMANDS})
    project.app("shop", {"commands.py": "raise RuntimeError('imported')\n" + COMMANDS.replace("load", "stock")})
    project.install("blog", "shop")

    assert project.manage("load").stdout == "loaded 1\n"
    assert "RuntimeError: imported" in project.manage("stock").stderr


def test_help_of_one_command_has_its_own_options_and_the_common_ones(project: Folder) -> None:
    project.app("blog", {"commands.py": COMMANDS})
    project.install("blog")

    done = project.manage("help", "load")

    assert done.stdout == project.manage("load", "--help").stdout
    assert done.stdout.startswith("Usage: manage.py load [OPTIONS]\n\n  Load things.\n\n  And explain at length.\n")
    for option in ("--count", "--settings", "--traceback", "--no-color", "-v, --verbosity"):
        assert option in done.stdout


def test_an_unknown_command_is_answered_with_the_near_match(project: Folder) -> None:
    done = project.manage("runsrver")

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == ("Unknown command: 'runsrver'. Did you mean runserver?\nType 'manage.py help' for usage.\n")


def test_a_wrong_option_is_a_usage_error_in_plain_text(project: Folder) -> None:
    done = project.manage("version", "--bogus")

    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "Usage: manage.py version [OPTIONS]"
    assert "No such option: --bogus" in done.stderr


def test_a_command_error_is_one_line_with_its_hint_and_exit_code(project: Folder) -> None:
    project.app("blog", {"commands.py": COMMANDS})
    project.install("blog")

    done = project.manage("refuse", "--code", "3")

    assert done.returncode == 3
    assert done.stderr.splitlines()[0] == "CommandError: No things here."
    assert "Hint: Bring some." in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in project.manage("refuse", "--traceback").stderr


def test_an_error_of_an_app_keeps_its_own_traceback_and_loses_ours(project: Folder) -> None:
    project.app("blog", {"commands.py": COMMANDS})
    project.install("blog")

    done = project.manage("crash")

    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "Traceback (most recent call last):"
    assert f'File "{project.path}/blog/commands.py"' in done.stderr.splitlines()[1]
    assert done.stderr.splitlines()[-1] == "KeyError: 'thing'"
    assert "framework/management" in project.manage("crash", "--traceback").stderr


def test_a_syntax_error_of_an_app_is_shown_without_a_frame_of_ours(project: Folder) -> None:
    project.app("blog", {"models.py": "class (\n"})
    project.install("blog")

    lines = project.manage("apps").stderr.splitlines()

    assert lines[0] == f'  File "{project.path}/blog/models.py", line 1'
    assert lines[3] == "SyntaxError: invalid syntax"
    assert len(lines) == 5, lines  # and the app that was being loaded


def test_a_later_app_overrides_a_command_of_an_earlier_one_and_of_the_framework(project: Folder) -> None:
    own = 'import typer\ncommands = typer.Typer()\n\n@commands.command()\ndef {name}():\n    print("{app}")\n'
    project.app("blog", {"commands.py": own.format(name="load", app="blog")})
    project.app("shop", {"commands.py": own.format(name="load", app="shop")})
    project.app("look", {"commands.py": own.format(name="version", app="look")})
    project.install("blog", "shop", "look")

    assert project.manage("load").stdout == "shop\n"
    assert project.manage("version").stdout == "look\n"
    assert "[blog]" not in project.manage().stdout


def test_groups_of_commands_are_reached_by_their_name(project: Folder) -> None:
    project.app(
        "blog",
        {
            "commands.py": """
            import typer

            from framework import Inject, Project

            commands = typer.Typer()
            posts = typer.Typer(help="Posts.")
            commands.add_typer(posts, name="posts")


            @posts.command()
            def count(project: Inject[Project]) -> None:
                print([app.app_label for app in project.apps])


            @posts.command()
            def purge() -> None: ...
            """
        },
    )
    project.app(
        "shop",
        {
            "commands.py": """
            import typer

            commands = typer.Typer(name="shop", help="Stock.")


            @commands.command()
            def stock(verbose: bool = typer.Option(False, "-v")) -> None:
                print("stocked", verbose)
            """
        },
    )
    project.install("blog", "shop")

    assert project.manage("posts", "count").stdout == "['blog', 'shop']\n"
    assert project.manage("shop", "stock", "-v").stdout == "stocked True\n"
    assert re.search(r"^    shop +Stock\.$", project.manage().stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os\n\nurl = os.environ['NO_SUCH_URL']\n", r"config/settings\.py:3 raised KeyError: 'NO_SUCH_URL'\."),
        ("from framework import Settings\n\nclass (\n", r"config/settings\.py:3: invalid syntax\."),
        ("import nosuchpackage\n", r"config/settings\.py:1 raised ModuleNotFoundError: .*'nosuchpackage'\."),
        ("ProjectSettings = 3\n", r"'ProjectSettings' of .*config/settings\.py is no \w.* type int\."),
        ("", r"'ProjectSettings' of .*config/settings\.py does not exist\."),
    ],
)
def test_a_project_with_broken_settings_has_help_with_the_reason_in_one_line(
    project: Folder, source: str, reason: str
) -> None:
    project.write({"config/settings.py": source})

    done = project.manage("help")
    assert done.returncode == 0
    assert re.search(r"^    runserver ", done.stdout, re.MULTILINE)
    assert re.search(rf"^Note: Only the framework's own commands are listed: .*{reason}", done.stdout, re.MULTILINE)

    failed = project.manage("check")
    assert failed.returncode == 1
    assert re.search(reason, failed.stderr.splitlines()[0])
    assert "Traceback" not in failed.stderr
    assert "Traceback" in project.manage("check", "--traceback").stderr


def test_help_reports_a_key_that_serving_refuses(project: Folder) -> None:
    note = "\nNote: It will not be served: secret_key is missing; wanted at least 32 random bytes outside debug.\n"

    refused = project.manage("--help")
    served = project.manage("--help", environment={"DEBUG": "1"})

    assert (refused.returncode, refused.stdout.endswith(note)) == (0, True)
    assert "Note:" not in served.stdout


def test_under_broken_settings_a_command_that_an_app_may_have_is_not_called_unknown(project: Folder) -> None:
    project.write({"config/settings.py": "1 / 0\n"})

    done = project.manage("load")

    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr.splitlines()[0]
    assert "Unknown command" not in done.stderr


def test_outside_a_project_a_command_of_an_app_says_how_to_name_one(project: Folder) -> None:
    project.write({"elsewhere.py": "import os; os.chdir('/'); from framework.management import main; main()"})

    done = project.python("elsewhere.py", "migrate")

    assert done.returncode == 1
    assert "Unknown command: 'migrate'." in done.stderr
    assert "No project here, so no commands of its apps. Run the project's manage.py, or name one" in done.stderr


@pytest.mark.parametrize("how", ["option", "equals", "before", "variable"])
def test_another_settings_class_is_chosen_by_option_and_by_variable(project: Folder, how: str) -> None:
    project.app("blog", {})
    project.write(
        {
            "config/other.py": """
            from framework import Settings

            class Other(Settings):
                installed_apps: tuple[str, ...] = ("blog",)
            """
        }
    )
    target = "config.other:Other"
    words, environment = {
        "option": (["apps", "--json", "--settings", target], {}),
        "equals": (["apps", "--json", f"--settings={target}"], {}),
        "before": (["--settings", target, "apps", "--json"], {"FRAMEWORK_SETTINGS": "no.such:Thing"}),
        "variable": (["apps", "--json"], {"FRAMEWORK_SETTINGS": target}),
    }[how]

    done = project.manage(*words, environment=environment)

    assert [app["label"] for app in json.loads(done.stdout)] == ["blog"], done.stderr


def test_an_app_that_is_not_there_costs_only_its_own_commands(project: Folder) -> None:
    project.app("blog", {"commands.py": COMMANDS})
    project.install("blog", "shpo")

    done = project.manage()

    assert "[blog]" in done.stdout
    assert "Note: App 'shpo' is not installed." in done.stdout


def test_outside_a_project_the_command_line_starts_one(project: Folder) -> None:
    (project.path / "manage.py").unlink()

    listed = project.python("-m", "framework")
    refused = project.python("-m", "framework", "check")

    assert re.search(r"^    startproject ", listed.stdout, re.MULTILINE)
    assert refused.returncode == 1
    assert refused.stderr.startswith("CommandError: No project here: no settings class was named.\n  Hint: Run ")


def test_beside_a_manage_py_the_module_runs_the_same_project(project: Folder) -> None:
    project.app("blog", {"commands.py": COMMANDS})
    project.install("blog")

    assert project.python("-m", "framework", "load").stdout == "loaded 1\n"
    assert project.python("-m", "framework", "--version").stdout == project.manage("version").stdout


def test_a_command_may_not_take_the_name_of_a_common_option(project: Folder) -> None:
    project.app("blog", {"commands.py": COMMANDS.replace("count: int = 1", "settings: int = 1, count: int = 1")})
    project.install("blog")

    done = project.manage("load")

    assert done.stderr.startswith("CommandError: Command 'load' declares --settings, an option that every command has.")


SLOW = """
import asyncio
import time
from contextlib import asynccontextmanager

import typer

from framework import Inject
from blog.apps import Unit

commands = typer.Typer()


@commands.command()
async def wait(unit: Inject[Unit]) -> None:
    print("waiting", flush=True)
    await asyncio.sleep(60)


@commands.command()
def wait_sync(unit: Inject[Unit]) -> None:
    print("waiting", flush=True)
    time.sleep(60)
"""
UNIT = """
from contextlib import asynccontextmanager

from framework import AppConfig


class Unit: ...


class Config(AppConfig):
    name = "blog"

    def ready(self, project):
        @asynccontextmanager
        async def unit():
            try:
                yield Unit()
            except BaseException as error:
                print("rolled back by", type(error).__name__, flush=True)
                raise

        project.services.provide(Unit, unit)

    @asynccontextmanager
    async def lifespan(self, project):
        try:
            yield
        finally:
            print("stopped", flush=True)
"""


@pytest.mark.parametrize("command", ["wait", "wait-sync"])
@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_rolls_back_and_closes_everything(project: Folder, command: str, signum: int, code: int) -> None:
    project.app("blog", {"commands.py": SLOW})
    project.write({"blog/apps.py": UNIT})
    project.install("blog")
    process = project.start(command)
    end = time.monotonic() + 25
    while "waiting" not in project.output:
        assert time.monotonic() < end, project.output
        time.sleep(0.05)

    process.send_signal(signum)

    assert process.wait(20) == code
    assert project.output == "waiting\nrolled back by CancelledError\nstopped\n"


def test_colours_are_for_terminals_that_want_them(project: Folder) -> None:
    plain = project.manage("help").stdout
    assert "\x1b" not in plain
    script = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn([sys.executable, *sys.argv[1:]])))"

    coloured = project.python("-c", script, "manage.py", "help").stdout
    asked = project.python("-c", script, "manage.py", "help", "--no-color").stdout
    wanted = project.python("-c", script, "manage.py", "help", environment={"NO_COLOR": "1"}).stdout

    assert "\x1b[31m[framework]" in coloured
    assert asked.replace("\r\n", "\n") == wanted.replace("\r\n", "\n") == plain
