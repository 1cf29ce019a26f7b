"""`startapp`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from framework.apps import Apps
from framework.errors import CommandError
from framework.management.invocation import Invocation
from framework.management.scaffold import start_app
from framework.management.scaffold.fields import parse_fields
from framework.management.scaffold.names import Names
from framework.management.scaffold.place import Place
from framework.management.scaffold.project import is_module
from framework.services import Inject

commands = typer.Typer()


@commands.command()
def startapp(
    invocation: Inject[Invocation],
    name: Annotated[str, typer.Argument(help="The app's name, a Python identifier.")],
    rest: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DIRECTORY] [FIELD...]",
            help="A folder for it; with --model the model's fields, as in price:decimal.",
        ),
    ] = None,
    model: Annotated[str | None, typer.Option(help="The first model's class; Item when left out.")] = None,
) -> None:
    """Start an app that serves CRUD for one model, with a test, and add it to installed_apps."""
    # The app may be named in the settings already, which wait for it then.
    installed = invocation.settings.installed_apps
    waiting = {entry for entry in installed if entry.rpartition(".")[2] == name and not is_module(entry)}
    place = Place.of(invocation, Apps([entry for entry in installed if entry not in waiting]))
    words = list(rest or [])
    elsewhere = words.pop(0) if words and is_directory(words[0], model) else None
    if model is None and words:
        raise CommandError(
            f"Fields were given, but no model: {' '.join(rest or [])}.",
            hint=f"python {invocation.program} startapp {name} --model Item {' '.join(rest or [])}",
            code="scaffold.model-name",
        )
    directory = Path(elsewhere).resolve() if elsewhere else place.root / name
    written = start_app(
        Names(place.package(name, directory), model or "Item", label=name),
        parse_fields(words),
        directory=directory,
        settings_file=place.settings_file if directory.is_relative_to(place.root) else None,
        packages=place.packages,
        prefix=place.prefix,
    )
    typer.echo("\n".join([f"Started app {name!r}", *written.lines(place.root)]))
    typer.echo(f"Next: python {invocation.program} makemigrations && python {invocation.program} migrate")


def is_directory(word: str, model: str | None) -> bool:
    """Tell a directory from a field: behind --model it has a slash in it, or is `.`."""
    return ":" not in word and (model is None or "/" in word or os.sep in word or word in (".", ".."))
