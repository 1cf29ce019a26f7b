"""`version`."""

import typer

from framework import __version__

commands = typer.Typer()


@commands.command()
def version() -> None:
    """Print the version of the framework."""
    typer.echo(__version__)
