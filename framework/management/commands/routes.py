"""`routes`."""

import json as json_
from typing import Annotated

import typer

from framework.management.table import table
from framework.project import Project
from framework.services import Inject

commands = typer.Typer()


@commands.command()
def routes(
    project: Inject[Project],
    json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List the routes of every app: method, path, name, app, who may call it, and where it is in the code."""
    from framework.web import routes as routes_of  # FastAPI, only where routes are asked for

    found = list(routes_of(project))
    if json:
        rows = [
            {
                "methods": list(route.methods),
                "path": route.path,
                "name": route.name,
                "app": route.app,
                "access": route.access,
                "where": route.where,
            }
            for route in found
        ]
        typer.echo(json_.dumps(rows, indent=2))
    elif found:
        lines = [
            [",".join(route.methods), route.path, route.name, route.app, route.access or "-", route.where]
            for route in found
        ]
        typer.echo(table(["Method", "Path", "Name", "App", "Access", "Where"], lines))
    else:
        typer.echo("No installed app has routes.")
