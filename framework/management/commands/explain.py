"""`explain`."""

from typing import Annotated

import typer

from framework.errors import CommandError
from framework.management.explanations import explanations
from framework.near import near

commands = typer.Typer()


@commands.command()
def explain(code: Annotated[str, typer.Argument(help="The code, with or without its brackets.")]) -> None:
    """Explain the code at the end of an error: `explain web.hosts`."""
    known = explanations()
    code = code.strip("[]()")
    if code not in known:
        raise CommandError(f"No error has the code {code!r}.", hint=near(code, known), code="explain.code")
    typer.echo(known[code])
