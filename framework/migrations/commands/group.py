"""What the commands of this app are registered on."""

import typer

commands = typer.Typer()
