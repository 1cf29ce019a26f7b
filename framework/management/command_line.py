"""`main()`: read the line, find the one command it names, and run that and nothing else."""

import difflib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from copy import copy
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Never

import typer
import typer.main

from framework._modules import expect
from framework.errors import CommandError, FrameworkError
from framework.management.callback import prepare
from framework.management.catalogue import Catalogue, Entry
from framework.management.invocation import Invocation, blame

SETTINGS_VARIABLE = "FRAMEWORK_SETTINGS"


def main(settings: str | None = None, *, arguments: Sequence[str] | None = None) -> Never:
    """Run the command line of the project whose settings class is at `settings`, and exit.

    `--settings` and the variable `FRAMEWORK_SETTINGS` name another class.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    line = read_line(words)
    target = line.settings or os.environ.get(SETTINGS_VARIABLE) or settings
    if target:
        os.environ[SETTINGS_VARIABLE] = target  # what this process starts serves the same project
    invocation = Invocation(program_name(), target, show_traceback=line.traceback, color=line.color)
    try:
        run(line, invocation)
    except FrameworkError as error:
        fail(error, invocation)
    except (SystemExit, KeyboardInterrupt):
        raise
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
    catalogue = catalogue_of(invocation)
    entry = catalogue.entries.get(name)
    if entry is None:
        unknown(name, catalogue, invocation)
    command = build(entry, invocation)
    command.main(
        args=list(arguments),
        prog_name=f"{invocation.program} {name}",
        obj=invocation,
        color=invocation.color,
        complete_var="",
    )


def catalogue_of(invocation: Invocation) -> Catalogue:
    """Return the commands at hand. Settings that cannot be loaded cost the apps' commands, not the framework's."""
    catalogue = Catalogue()
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


def build(entry: Entry, invocation: Invocation) -> Any:
    """Return the command of `entry`, ready to run. The app's own Typer object is left as it is."""
    commands = expect(import_module(entry.module), "commands", typer.Typer)
    if isinstance(commands.info.name, str):
        return typer.main.get_group(prepared(commands, invocation))
    if commands.registered_callback is not None:
        raise CommandError(
            f"{entry.module} gives `commands` a callback, but its commands stand at the top level.",
            hint="Name the group, `commands = typer.Typer(name=...)`, or drop the callback.",
            code="command.callback",
        )
    # The last one wins inside a module too.
    for group in reversed(commands.registered_groups):
        if group.typer_instance is not None and entry.name in (group.name, group.typer_instance.info.name):
            return typer.main.get_group(prepared(group.typer_instance, invocation))
    for info in reversed(commands.registered_commands):
        if entry.name == (info.name or typer.main.get_command_name(getattr(info.callback, "__name__", ""))):
            single = typer.Typer(add_completion=False, rich_markup_mode=None)
            single.registered_commands.append(_prepared_info(info, invocation))
            return without_clashes(typer.main.get_command(single))
    raise CommandError(f"{entry.module} has no command {entry.name!r}.", code="command.unknown")


def prepared(group: typer.Typer, invocation: Invocation) -> typer.Typer:
    """Return a copy of a group of commands whose functions are ready to run."""
    made = copy(group)
    made.rich_markup_mode = None
    made.registered_commands = [_prepared_info(info, invocation) for info in group.registered_commands]
    made.registered_groups = [copy(inner) for inner in group.registered_groups]
    for inner in made.registered_groups:
        if inner.typer_instance is not None:
            inner.typer_instance = prepared(inner.typer_instance, invocation)
    return made


def _prepared_info(info: Any, invocation: Invocation) -> Any:
    made = copy(info)
    callback: Callable[..., Any] = info.callback
    made.callback = prepare(callback, invocation)
    return made


def without_clashes(command: Any) -> Any:
    """Leave a command its own options where they bear the name of a common one."""
    own = {flag for param in command.params if not param.name.startswith("common_") for flag in param.opts}
    for param in command.params:
        if param.name.startswith("common_"):
            param.opts = [flag for flag in param.opts if flag not in own]
    command.params = [param for param in command.params if param.opts or param.param_type_name == "argument"]
    return command


def listing(catalogue: Catalogue, invocation: Invocation) -> str:
    """Return the commands by app, as `manage.py` alone prints them."""
    program = invocation.program
    lines = [
        f"Usage: {program} COMMAND [OPTIONS] [ARGS]...",
        "",
        f"Type '{program} help COMMAND' for help on one command.",
        "Every command takes --settings module:Class, --traceback, --no-color and -v 0|1|2|3.",
        "",
        "Available commands:",
    ]
    groups = catalogue.groups()
    width = max(len(entry.name) for entries in groups.values() for entry in entries)
    for group, entries in groups.items():
        lines += ["", typer.style(f"[{group}]", fg="red")]
        lines += [f"    {entry.name:{width}}  {entry.help}".rstrip() for entry in entries]
    lines += ["", *(typer.style(f"Note: {problem}", fg="yellow") for problem in catalogue.problems)]
    return "\n".join(lines).rstrip()


def unknown(name: str, catalogue: Catalogue, invocation: Invocation) -> Never:
    """Say that there is no such command, and which was probably meant."""
    for problem in catalogue.problems:
        say(problem, invocation)
    meant = difflib.get_close_matches(name, catalogue.entries, n=1)
    suggestion = f" Did you mean {meant[0]}?" if meant else ""
    say(f"Unknown command: {name!r}.{suggestion}", invocation)
    say(f"Type '{invocation.program} help' for usage.", invocation)
    sys.exit(1)


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
        error = error.with_traceback(_from_the_app(error.__traceback__) or error.__traceback__)
    traceback.print_exception(error)
    sys.exit(1)


def _from_the_app(trace: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first frame outside the framework and what calls through it, or `None`."""
    standard = Path(os.__file__).parent
    ours = Path(__file__).parents[1], Path(typer.__file__).parent, standard / "asyncio", standard / "importlib"
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith(("<frozen importlib", *map(str, ours))):
            break
        trace = trace.tb_next
    return trace
