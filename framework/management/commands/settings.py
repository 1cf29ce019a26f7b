"""`settings`."""

import json as json_
from collections.abc import Iterator
from typing import Annotated

import typer

from framework.errors import FrameworkError
from framework.management.failures import say
from framework.management.invocation import Invocation
from framework.management.table import table
from framework.services import Inject
from framework.web import WebSettings

commands = typer.Typer()


@commands.command()
def settings(
    invocation: Inject[Invocation],
    json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """Show every setting in force and where it came from; secrets are hidden."""
    effective = invocation.settings
    for problem in read_sections(invocation):
        say(problem, invocation, fg="yellow")
    rows = list(effective.explain())
    if json:
        found = [
            {
                "name": row.name,
                "value": row.text,
                "kind": row.source.kind,
                "source": row.source.name,
                "file": str(row.source.file) if row.source.file else None,
                "line": row.source.line,
            }
            for row in rows
        ]
        typer.echo(json_.dumps(found, indent=2))
    else:
        typer.echo(table(["Setting", "Value", "Where it came from"], [[r.name, r.text, str(r.source)] for r in rows]))
    for variable in effective.unknown_variables():
        say(f"{variable.text} {variable.hint or ''}".rstrip(), invocation, fg="yellow")


def read_sections(invocation: Invocation) -> Iterator[str]:
    """Read the sections of the web and of the installed apps, so that they show too, and yield why some do not."""
    try:
        invocation.settings.section(WebSettings)
        assert invocation.project  # loading it reads those of its apps
    except FrameworkError as error:
        yield f"Some sections are missing: {error.message}"
