"""What the commands of this app are registered on."""

import typer

commands = typer.Typer()


def counted(number: int, thing: str) -> str:
    """Return a number of things in words."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
