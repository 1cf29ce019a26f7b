"""`startproject`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from framework.management.scaffold import start_project

commands = typer.Typer()


@commands.command()
def startproject(
    name: Annotated[str, typer.Argument(help="The project's name, a Python identifier.")],
    directory: Annotated[
        Path | None, typer.Argument(help="Where to write it.", show_default="a new folder of that name")
    ] = None,
) -> None:
    """Start a project: settings, an ASGI module, manage.py, tests and what deployment needs."""
    target = (directory or Path(name)).resolve()
    written = start_project(name, target)
    typer.echo("\n".join([f"Started project {name!r} in {target}", *written.lines(target)]))
    enter = "" if target == Path.cwd() else f"cd {shlex.quote(str(directory or name))} && "
    typer.echo(f"Next: {enter}python manage.py runserver")
