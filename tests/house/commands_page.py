"""Writes docs/reference/commands.md: every command of the framework and its batteries, with what it takes."""

from collections.abc import Iterator
from typing import Any

from framework.management.callback import COMMON_PREFIX
from framework.management.catalogue import Catalogue
from framework.management.invocation import Invocation
from framework.management.tree import build
from tests.house.test_front_doors import BATTERIES

__all__ = ["commands", "page", "parameters"]

HEAD = """\
# Commands

Every command of `manage.py`, by the app that brings it. This page is made from the code by `just pages`. An app has
commands of its own in `commands.py`; `manage.py --help` lists those of a project, and `manage.py help migrate` explains
one. Outside a project `framework` takes the place of `manage.py`.

Every command takes `--settings module:Class`, `--traceback`, `--no-color` and `-v 0|1|2|3`.
"""


def commands() -> dict[str, list[tuple[str, Any]]]:
    """Return the commands by the app that brings them, the framework's own first."""
    catalogue = Catalogue()
    catalogue.add_core()
    catalogue.add_apps(f"framework.{name}" for name in BATTERIES)
    invocation = Invocation("manage.py", None, show_traceback=False, color=False)
    return {app: [(entry.name, build(entry, invocation)) for entry in own] for app, own in catalogue.groups().items()}


def page() -> str:
    """Return the whole page."""
    lines = [HEAD]
    for app, own in commands().items():
        lines.append(f"## {'The framework' if app == 'framework' else f'`framework.{app}`'}\n")
        lines += [line for name, command in own for line in section(name, command)]
    return "\n".join(lines)


def parameters(command: Any) -> list[Any]:
    """Return the arguments and options of a command, without those that every command has."""
    return [each for each in command.params if not each.name.startswith(COMMON_PREFIX) and each.name != "help"]


def section(name: str, command: Any) -> Iterator[str]:
    own = parameters(command)
    arguments = [argument(each) for each in own if not is_option(each)]
    yield f"### {name}\n"
    yield f"`{' '.join(['manage.py', name, *arguments])}`\n"
    yield f"{' '.join(command.help.split())}\n"
    if own:
        rows = [f"| {written(each)} | {each.help.replace('|', '\\|')} |" for each in own]
        yield "\n".join(["| | |", "|---|---|", *rows, ""])


def is_option(parameter: Any) -> bool:
    return parameter.opts[0].startswith("-")


def argument(parameter: Any) -> str:
    """Return an argument as usage lines have it."""
    return parameter.metavar or (parameter.name if parameter.required else f"[{parameter.name}]")


def written(parameter: Any) -> str:
    """Return how a parameter is typed."""
    if not is_option(parameter):
        return f"`{argument(parameter)}`"
    value = "" if parameter.is_flag else " …"
    return ", ".join(f"`{flag}{value}`" for flag in (*parameter.opts, *parameter.secondary_opts))
