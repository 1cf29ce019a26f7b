"""`startmodel`."""

from typing import Annotated

import typer

from framework.apps import Apps
from framework.errors import CommandError
from framework.management.invocation import Invocation
from framework.management.scaffold import start_model
from framework.management.scaffold.fields import parse_fields
from framework.management.scaffold.names import Names
from framework.management.scaffold.place import Place
from framework.services import Inject

commands = typer.Typer()


@commands.command()
def startmodel(
    invocation: Inject[Invocation],
    app: Annotated[str, typer.Argument(help="The label of an installed app.")],
    model: Annotated[str, typer.Argument(help="The model's class, as in Review.")],
    fields: Annotated[
        list[str] | None, typer.Argument(metavar="[FIELD]...", help="Its fields, as in price:decimal.")
    ] = None,
) -> None:
    """Add a model with its schemas, service, routes and test to an app."""
    apps = Apps(invocation.settings.installed_apps, invocation.settings)
    place = Place.of(invocation, apps)
    if app not in apps:
        raise CommandError(
            f"No installed app with label {app!r}.",
            hint=f"Installed apps: {', '.join(sorted(place.packages))}.",
            code="command.app",
        )
    if not place.owns(apps[app].path):
        raise CommandError(
            f"App {app!r} is an installed package in {apps[app].path}, not part of the project.",
            hint="Add the model to an app of your own; a foreign key reaches the other: owner:users.User",
            code="scaffold.foreign-app",
        )
    written = start_model(
        Names(apps[app].name, model, label=app),
        parse_fields(fields or ["title:str:200"]),
        directory=apps[app].path,
        packages=place.packages,
        prefix=place.prefix_of(app),
    )
    typer.echo("\n".join([f"Added model {model!r} to app {app!r}", *written.lines(place.root)]))
    typer.echo(f"Next: python {invocation.program} makemigrations {app} && python {invocation.program} migrate")
