"""`showmigrations`."""

from typing import Annotated

import typer

from framework.migrations.commands.group import commands
from framework.migrations.graph import Graph
from framework.migrations.places import require_apps
from framework.project import Project
from framework.services import Inject


@commands.command()
async def showmigrations(
    project: Inject[Project],
    labels: Annotated[list[str] | None, typer.Argument(metavar="[APP]...", help="Only these apps.")] = None,
    listed: Annotated[bool, typer.Option("--list", "-l", help="List by app, as without options.")] = False,
    plan: Annotated[bool, typer.Option("--plan", "-p", help="List in the order they are applied.")] = False,
) -> None:
    """Show which migrations there are, and which are applied."""
    from framework.migrations.migrating import executor_of

    require_apps(project, labels or [])
    async with executor_of(project) as executor:
        applied = await executor.applied()
        if plan and not listed:
            show_plan(executor.graph, labels or executor.graph.apps, applied)
        else:
            with_files = [label for label in executor.graph.apps if executor.graph.of(label)]
            show_list(executor.graph, sorted(labels or with_files), applied)


def show_list(graph: Graph, labels: list[str], applied: set[str]) -> None:
    """Print the migrations of each app."""
    for label in labels:
        typer.echo(label)
        for node in graph.of(label):
            typer.echo(f" [{'X' if node.revision in applied else ' '}] {node.name}")
        if not graph.of(label):
            typer.echo(" (no migrations)")


def show_plan(graph: Graph, labels: list[str], applied: set[str]) -> None:
    """Print migrations in the order they are applied, with what the apps named need."""
    ends = [leaf.revision for label in labels for leaf in graph.leaves(label)]
    revisions = graph.ancestors(ends)
    for revision in revisions:
        typer.echo(f"[{'X' if revision in applied else ' '}]  {graph.nodes[revision]}")
    if not revisions:
        typer.echo("(no migrations)")
