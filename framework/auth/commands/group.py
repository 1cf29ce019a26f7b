"""What the commands of this app are registered on."""

import typer

__all__ = ["commands"]

commands = typer.Typer()
