"""How a command's function runs: what Typer sees of it, and what is injected."""

import asyncio
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from framework.conf import Section, Settings
from framework.errors import CommandError
from framework.management.invocation import Invocation
from framework.management.work import Work, terminate_cleanly, until_terminated
from framework.project import Project
from framework.services import injected

type Callback = Callable[..., Any]


def prepare(callback: Callback, invocation: Invocation) -> Callback:
    """Return a function that Typer can call: without the injected parameters, with the options every command has."""
    parameters, wanted = read_signature(callback)
    own = [parameter for parameter in parameters if parameter.name not in wanted]

    @functools.wraps(callback)
    def run(**given: Any) -> Any:
        take_common(given, invocation)
        return call(callback, given, wanted, invocation)

    shown = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own] + list(COMMON)
    setattr(run, "__signature__", inspect.Signature(shown))  # noqa: B010 — functions declare no such attribute
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
    del run.__wrapped__  # `get_type_hints` would go through it to the annotations that were taken out
    return run


def read_signature(callback: Callback) -> tuple[list[inspect.Parameter], dict[str, Any]]:
    """Return the function's parameters and the injected types, resolved, or say which name is missing at run time."""
    try:
        return list(inspect.signature(callback, eval_str=True).parameters.values()), injected(callback)
    except NameError as error:
        raise CommandError(
            f"Command {callback.__module__}.{callback.__qualname__} names {error.name!r} in its signature, "
            "which its module does not hold at run time.",
            hint=f"Import {error.name!r} outside `if TYPE_CHECKING:`.",
            code="command.annotation",
        ) from error


def call(callback: Callback, given: Mapping[str, Any], wanted: Mapping[str, Any], invocation: Invocation) -> Any:
    """Call a command's function.

    Who asks for no more than the project, its settings or the invocation gets them without lifespan or scope;
    who asks for any other service runs inside both.
    """
    values = {name: at_hand(type_, invocation) for name, type_ in wanted.items() if is_at_hand(type_)}
    services = {name: type_ for name, type_ in wanted.items() if name not in values}
    if not services:
        result = callback(**given, **values)
        return asyncio.run(until_terminated(result)) if inspect.isawaitable(result) else result
    terminate_cleanly()
    with Work(invocation.project, services) as work:
        result = callback(**given, **values, **work.services)
        return work.run(result) if inspect.isawaitable(result) else result


def is_at_hand(type_: Any) -> bool:
    """Tell whether a type is known without starting anything."""
    return isinstance(type_, type) and issubclass(type_, Invocation | Project | Settings | Section)


def at_hand(type_: Any, invocation: Invocation) -> Any:
    """Return the invocation, the project, its settings or one of their sections."""
    if issubclass(type_, Invocation):
        return invocation
    if issubclass(type_, Settings):
        return invocation.settings
    return invocation.project if issubclass(type_, Project) else invocation.project.settings.section(type_)


def _common(name: str, type_: Any, default: object, option: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=Annotated[type_, option])


COMMON_PREFIX = "common_"
"""Begins the names of the parameters below, so that they clash with no command's own."""
COMMON = (
    _common(
        "common_settings", str | None, None, typer.Option("--settings", help="The settings class, as 'module:Class'.")
    ),
    _common("common_traceback", bool, False, typer.Option("--traceback", help="Show the whole traceback of an error.")),
    _common("common_no_color", bool, False, typer.Option("--no-color", help="Print without colours.")),
    _common(
        "common_verbosity",
        int,
        1,
        typer.Option("-v", "--verbosity", min=0, max=3, show_default=False, help="How much is said."),
    ),
)
"""The options that every command has."""
READ_FIRST = ("--settings", "--traceback", "--no-color")
"""Those that are read from the line before there is a command; here they are only for the help."""


def take_common(given: dict[str, Any], invocation: Invocation) -> None:
    """Take the common options out of what a command is given."""
    for parameter in COMMON:
        value = given.pop(parameter.name, None)
        if parameter.name == "common_verbosity" and value is not None:
            invocation.verbosity = value
