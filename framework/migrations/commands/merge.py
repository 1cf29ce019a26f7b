"""What `makemigrations --merge` does, with Django's words."""

import sys
from collections.abc import Sequence

import typer

from framework.migrations.history.project import Site, folders_of, graph_of

__all__ = ["merge_ends"]

QUESTION = (
    "\nMerging will only work if the operations printed above do not conflict\n"
    "with each other (working on different fields or models)\n"
    "Should these migration branches be merged?"
)


def merge_ends(
    site: Site, labels: Sequence[str], name: str | None, *, quiet: bool, dry_run: bool, verbosity: int
) -> bool:
    """Write a merge for each app with several ends; return whether there was one."""
    from framework.migrations.makemigrations.merge import branches, merge
    from framework.migrations.questions.prompter import GO_AHEAD, Prompter
    from framework.migrations.writer.files import render, write

    graph = graph_of(site)
    conflicts = {app: ends for app, ends in graph.conflicts().items() if not labels or app in labels}
    if not conflicts:
        typer.echo("No conflicts detected to merge.")
        return False
    for app, ends in conflicts.items():
        typer.echo(f"Merging {app}")
        for branch in branches(graph, ends):
            typer.echo(f"  Branch {branch.end.name}")
            for line in branch.lines:
                typer.echo(f"    {line}")
        if not quiet and not Prompter(sys.stdin, sys.stdout, GO_AHEAD).agrees(QUESTION):
            continue
        made = merge(graph, ends, name)
        if not dry_run:
            path = write(made, folders_of(site)[app])
            typer.echo(f"\nCreated new merge migration {path}")
        elif verbosity >= 3:
            typer.echo(f"Full merge migrations file '{made.name}.py':\n{render(made)}")
    return True
