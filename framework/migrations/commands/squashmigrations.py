"""`squashmigrations`."""

import sys
from typing import Annotated

import typer

from framework.errors import CommandError
from framework.management import Invocation
from framework.migrations.commands.group import commands
from framework.migrations.history.project import Outline, folders_of, graph_of, require_apps
from framework.migrations.history.targets import find
from framework.services import Inject

CREATED = """Created new squashed migration {}
  You should commit this migration but leave the old ones in place;
  the new migration will be used for new installs. Once you are sure
  all instances of the codebase have applied the migrations you squashed,
  you can delete them."""
BY_HAND = """Manual porting required
  Your migrations contained functions that must be manually copied over,
  as we could not safely copy their implementation.
  See the comment at the top of the squashed migration for details."""


@commands.command()
def squashmigrations(
    invocation: Inject[Invocation],
    app: Annotated[str, typer.Argument(help="Label of the app.")],
    names: Annotated[list[str], typer.Argument(metavar="[START] NAME", help="Squash up to NAME, from START.")],
    no_optimize: Annotated[bool, typer.Option("--no-optimize", help="Keep every operation.")] = False,
    noinput: Annotated[bool, typer.Option("--noinput", "--no-input", help="Ask no questions.")] = False,
    squashed_name: Annotated[str | None, typer.Option("--squashed-name", help="Name of the new migration.")] = None,
) -> None:
    """Write one migration that replaces several. Needs no database."""
    from framework.migrations.questions.prompter import GO_AHEAD, Prompter
    from framework.migrations.squashing.squash import members_of, squash
    from framework.migrations.writer.files import write

    outline = Outline.of(invocation.settings)
    require_apps(outline, [app])
    graph = graph_of(outline)
    if not graph.of(app):
        raise CommandError(
            f"App '{app}' does not have migrations (so squashmigrations on it makes no sense)", code="migrations.none"
        )
    if len(names) > 2:
        raise CommandError(f"Got {len(names)} names; wanted [START] NAME.", code="migrations.squash")
    last, first = find(graph, app, names[-1]), find(graph, app, names[0]) if len(names) == 2 else None
    members = members_of(graph, last, first)
    typer.echo("Will squash the following migrations:")
    for node in members:
        typer.echo(f" - {node.name}")
    if not noinput and not Prompter(sys.stdin, sys.stdout, GO_AHEAD).agrees("Do you wish to proceed?"):
        return
    words = squashed_name or f"squashed_{last.name}"
    if first is None:
        name = f"0001_{words}"
    else:
        name = f"{first.name.partition('_')[0]}_{words}" if squashed_name else f"{first.name}_{words}"
    folder = folders_of(outline)[app]
    if (folder / f"{name}.py").exists():
        raise CommandError(f"Migration {name} already exists. Use a different name.", code="migrations.squash")
    typer.echo("(Skipping optimization.)" if no_optimize else "Optimizing...")
    made = squash(graph, members, name, optimized=not no_optimize)
    if not no_optimize and made.optimized == made.operations:
        typer.echo("  No optimizations possible.")
    elif not no_optimize:
        typer.echo(f"  Optimized from {made.operations} operations to {made.optimized} operations.")
    typer.echo(CREATED.format(write(made.migration, folder)))
    if made.by_hand:
        typer.echo(BY_HAND)
