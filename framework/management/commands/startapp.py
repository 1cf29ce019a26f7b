"""`startapp`."""

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
from framework.services import Inject

commands = typer.Typer()


@commands.command()
def startapp(
    invocation: Inject[Invocation],
    name: Annotated[str, typer.Argument(help="The app's name, a Python identifier.")],
    rest: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DIRECTORY] | [FIELD]...", help="With --model its fields, as in price:decimal."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="The first model's class; Item when left out.")] = None,
) -> None:
    """Start an app that serves CRUD for one model, with a test, and add it to installed_apps."""
    place = Place.of(invocation, Apps(invocation.settings.installed_apps))
    words = rest or []
    if model is None and (len(words) > 1 or any(":" in word for word in words)):
        raise CommandError(
            f"Fields were given, but no model: {' '.join(words)}.",
            hint=f"{invocation.program} startapp {name} --model Item {' '.join(words)}",
            code="scaffold.model-name",
        )
    fields = parse_fields(words if model else [])
    directory = Path(words[0]).resolve() if words and not model else place.root / name
    written = start_app(
        Names(name, model or "Item"),
        fields,
        directory=directory,
        settings_file=place.settings_file,
        packages=place.packages,
        prefix=place.prefix,
    )
    typer.echo("\n".join([f"Started app {name!r}", *written.lines(place.root)]))
    typer.echo(f"Next: {invocation.program} makemigrations && {invocation.program} migrate")
