"""`showmigrations`."""

from typing import Annotated

import typer

from framework.management import Invocation
from framework.migrations.commands.group import commands
from framework.migrations.history.graph import Graph
from framework.migrations.history.project import Outline, require_apps
from framework.migrations.recorder.status import Status, look
from framework.services import Inject


@commands.command()
def showmigrations(
    invocation: Inject[Invocation],
    labels: Annotated[list[str] | None, typer.Argument(metavar="[APP]...", help="Only these apps.")] = None,
    listed: Annotated[bool, typer.Option("--list", "-l", help="List by app, which is the default.")] = False,
    plan: Annotated[bool, typer.Option("--plan", "-p", help="List in the order they are applied.")] = False,
) -> None:
    """Show which migrations there are, and which are applied."""
    outline = Outline.of(invocation.settings)
    require_apps(outline, labels or [], exit_code=2)
    seen = look(invocation, outline)
    if plan and not listed:
        show_plan(seen.graph, labels or seen.graph.apps, seen.applied, dependencies=invocation.verbosity >= 2)
    else:
        with_files = [label for label in seen.graph.apps if seen.graph.of(label)]
        show_list(seen, sorted(labels or with_files), times=invocation.verbosity >= 2)


def show_list(seen: Status, labels: list[str], *, times: bool) -> None:
    """Print the migrations of each app."""
    unfinished = seen.rows.unsaid(seen.graph)
    known = seen.rows.within(seen.graph).times
    for label in labels:
        typer.echo(label)
        for node in seen.graph.of(label):
            unsaid = node.revision in unfinished
            mark = "-" if unsaid else "X" if node.revision in seen.applied else " "
            squashed = f" ({len(node.replaces)} squashed migrations)" if node.replaces else ""
            finish = " Run 'manage.py migrate' to finish recording." if unsaid else ""
            applied_at = known.get((node.app, node.name))
            time = f" (applied at {applied_at})" if times and applied_at else ""
            typer.echo(f" [{mark}] {node.name}{squashed}{time}{finish}")
        if not seen.graph.of(label):
            typer.echo(" (no migrations)")


def show_plan(graph: Graph, labels: list[str], applied: set[str], *, dependencies: bool) -> None:
    """Print migrations in the order they are applied, with what the apps named need."""
    ends = [leaf.revision for label in labels for leaf in graph.leaves(label)]
    revisions = graph.ancestors(ends)
    for revision in revisions:
        node = graph.nodes[revision]
        after = f" ... ({', '.join(str(graph.nodes[item]) for item in sorted(node.before))})"
        mark = "X" if revision in applied else " "
        typer.echo(f"[{mark}]  {node}{after if dependencies and node.before else ''}")
    if not revisions:
        typer.echo("(no migrations)")
