"""`settings`."""

import json as json_
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from framework.conf import Source
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
        shown = [[row.name, row.text, str(shortened(row.source, invocation.root))] for row in rows]
        typer.echo(table(["Setting", "Value", "Where it came from"], shown))
    for variable in effective.unknown_variables():
        say(f"{variable.text} {variable.hint or ''}".rstrip(), invocation, fg="yellow")


def shortened(source: Source, root: Path) -> Source:
    """Return a source with its file as seen from the project, or from where Python found it, whichever is shorter."""
    file = source.file
    seen = [file.relative_to(folder) for folder in (root, *sys.path) if file and file.is_relative_to(folder)]
    return replace(source, file=min(seen, key=lambda path: len(path.parts), default=file))


def read_sections(invocation: Invocation) -> Iterator[str]:
    """Read the sections of the web and of the installed apps, so that they show too, and yield why some do not."""
    try:
        invocation.settings.section(WebSettings)
        assert invocation.project  # loading it reads those of its apps
    except FrameworkError as error:
        yield f"Some sections are missing: {error.message}"
