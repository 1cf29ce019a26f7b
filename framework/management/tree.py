"""From a module's `commands` to the one command that was asked for, ready to run."""

from collections.abc import Callable
from copy import copy
from importlib import import_module
from typing import Any

import typer
from typer.main import get_command, get_command_name, get_group

from framework._modules import expect
from framework.errors import CommandError
from framework.management.callback import COMMON_PREFIX, READ_FIRST, prepare
from framework.management.catalogue import Entry
from framework.management.invocation import Invocation


def build(entry: Entry, invocation: Invocation) -> Any:
    """Return the command of `entry`, ready to run. The app's own Typer object is left as it is."""
    commands = expect(import_module(entry.module), "commands", typer.Typer)
    if isinstance(commands.info.name, str):
        return without_clashes(get_group(prepared(commands, invocation)))
    if commands.registered_callback is not None:
        raise CommandError(
            f"{entry.module} gives `commands` a callback, but its commands stand at the top level.",
            hint="Name the group, `commands = typer.Typer(name=...)`, or drop the callback.",
            code="command.callback",
        )
    # The last one wins inside a module too.
    for group in reversed(commands.registered_groups):
        if group.typer_instance is not None and entry.name in (group.name, group.typer_instance.info.name):
            return without_clashes(get_group(prepared(group.typer_instance, invocation)))
    for info in reversed(commands.registered_commands):
        if entry.name == (info.name or get_command_name(getattr(info.callback, "__name__", ""))):
            single = typer.Typer(add_completion=False, rich_markup_mode=None)
            single.registered_commands.append(_prepared_info(info, invocation))
            return without_clashes(get_command(single))
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
    """Leave a command, and each command of a group, its own `-v` where it has one.

    Raises `CommandError` for an own option with the name of one that is read before there is a command.
    """
    for inner in getattr(command, "commands", {}).values():
        without_clashes(inner)
    common = [param for param in command.params if param.name.startswith(COMMON_PREFIX)]
    own = {flag for param in command.params if param not in common for flag in param.opts}
    if taken := sorted(own & set(READ_FIRST)):
        raise CommandError(
            f"Command {command.name!r} declares {taken[0]}, an option that every command has.",
            hint="Give the option of your command another name.",
            code="command.option",
        )
    for param in common:
        param.opts = [flag for flag in param.opts if flag not in own]
    command.params = [param for param in command.params if param.opts]
    return command
