"""`main()`: read the line, find the one command it names, and run that and nothing else."""

import difflib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Never

import typer

from framework.conf import FRAMEWORK_SETTINGS
from framework.errors import FrameworkError
from framework.management.catalogue import Catalogue
from framework.management.failures import blame, fail, fail_in_app, say
from framework.management.garbage import collect_seldom
from framework.management.invocation import NAME_ONE, Invocation
from framework.management.listing import listing
from framework.management.tree import build


def main(settings: str | None = None, *, arguments: Sequence[str] | None = None) -> Never:
    """Run the command line of the project whose settings class is at `settings`, and exit.

    `--settings` and the variable `FRAMEWORK_SETTINGS` name another class.
    """
    collect_seldom()
    words = list(sys.argv[1:] if arguments is None else arguments)
    line = read_line(words)
    target = line.settings or os.environ.get(FRAMEWORK_SETTINGS) or settings
    if target:
        os.environ[FRAMEWORK_SETTINGS] = target  # what this process starts serves the same project
    if line.color is False:
        os.environ["NO_COLOR"] = "1"
    elif os.environ.get("NO_COLOR"):
        line.color = False
    invocation = Invocation(program_name(), target, show_traceback=line.traceback, color=line.color)
    try:
        run(line, invocation)
    except FrameworkError as error:
        fail(error, invocation)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except Exception as error:
        fail_in_app(error, invocation)
    sys.exit(0)


class Line:
    """What was typed: the options before and after the command that must be known first, and the command."""

    def __init__(self) -> None:
        self.settings: str | None = None
        self.traceback = False
        self.color: bool | None = None
        self.command: str | None = None
        self.rest: list[str] = []


def read_line(words: Sequence[str]) -> Line:
    """Take the common options from anywhere before `--`; the first word that is no option names the command."""
    line, words = Line(), list(words)
    while words:
        word = words.pop(0)
        option, _, value = word.partition("=")
        if word == "--":
            line.rest += [word, *words]
            break
        if option == "--settings" and (value or words):
            line.settings = value or words.pop(0)
        elif word == "--traceback":
            line.traceback = True
        elif word == "--no-color":
            line.color = False
        elif line.command is None:
            line.command = word
        else:
            line.rest.append(word)
    return line


def program_name() -> str:
    """Return what the person typed before the command."""
    name = Path(sys.argv[0]).name
    return "python -m framework" if name == "__main__.py" else name


def run(line: Line, invocation: Invocation) -> None:
    """Run the command that the line names; without one, show which there are."""
    match line.command:
        case None | "-h" | "--help":
            typer.echo(listing(catalogue_of(invocation), invocation), color=invocation.color)
        case "help" if not line.rest:
            typer.echo(listing(catalogue_of(invocation), invocation), color=invocation.color)
        case "help":
            execute(line.rest[0], ["--help"], invocation)
        case "--version":
            execute("version", [], invocation)
        case name:
            execute(name, line.rest, invocation)


def execute(name: str, arguments: Sequence[str], invocation: Invocation) -> None:
    """Import the one module that holds the command `name`, and run it."""
    entry = catalogue_of(invocation, name).entries.get(name)
    if entry is None:
        # Perhaps its name is put together at run time.
        catalogue = catalogue_of(invocation)
        entry = catalogue.entries.get(name) or unknown(name, catalogue, invocation)
    command = build(entry, invocation)
    command.main(
        args=list(arguments),
        prog_name=f"{invocation.program} {name}",
        obj=invocation,
        color=invocation.color,
        complete_var="",
    )


def catalogue_of(invocation: Invocation, wanted: str | None = None) -> Catalogue:
    """Return the commands at hand, or those of the files that may hold the one `wanted`.

    Settings that cannot be loaded cost the apps' commands, not the framework's.
    """
    catalogue = Catalogue(wanted)
    catalogue.add_core()
    if invocation.target is None:
        return catalogue
    try:
        installed = invocation.settings.installed_apps
    except Exception as error:
        reason = error.message if isinstance(error, FrameworkError) else blame(error)
        catalogue.problems.append(f"Only the framework's own commands are listed: {' '.join(reason.split())}")
    else:
        catalogue.add_apps(installed)
    return catalogue


def unknown(name: str, catalogue: Catalogue, invocation: Invocation) -> Never:
    """Say that there is no such command, and which was probably meant."""
    if invocation.target is not None:
        _ = invocation.settings.installed_apps  # it may be a command of an app; what keeps it away is the trouble then
    for problem in catalogue.problems:
        say(problem, invocation)
    meant = difflib.get_close_matches(name, catalogue.entries, n=1)
    suggestion = f" Did you mean {meant[0]}?" if meant else ""
    say(f"Unknown command: {name!r}.{suggestion}", invocation)
    if invocation.target is None and not meant:
        say(f"No project here, so no commands of its apps. {NAME_ONE}", invocation)
    say(f"Type '{invocation.program} help' for usage.", invocation)
    sys.exit(1)
