"""`apps`."""

import json as json_
from typing import Annotated

import typer

from framework.management.table import table
from framework.project import Project
from framework.services import Inject

commands = typer.Typer()


@commands.command()
def apps(
    project: Inject[Project],
    json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List the installed apps, in the order they start."""
    rows = [
        {"label": app.app_label, "name": app.name, "requires": list(app.requires), "path": str(app.path)}
        for app in project.apps
    ]
    if json:
        typer.echo(json_.dumps(rows, indent=2))
    else:
        lines = [[str(row["label"]), str(row["name"]), ", ".join(row["requires"]), str(row["path"])] for row in rows]
        typer.echo(table(["Label", "Name", "Requires", "Path"], lines))
