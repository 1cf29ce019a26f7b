"""`optimizemigration`."""

from typing import Annotated

import typer

from framework.errors import CommandError
from framework.management import Invocation
from framework.migrations.commands.group import commands
from framework.migrations.history.project import Outline, files_of, require_apps
from framework.migrations.history.targets import find
from framework.services import Inject


@commands.command()
def optimizemigration(
    invocation: Inject[Invocation],
    app: Annotated[str, typer.Argument(help="Label of the app.")],
    name: Annotated[str, typer.Argument(help="The migration, or what its name starts with.")],
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if it can be optimized; write nothing.")] = False,
) -> None:
    """Rewrite a migration with fewer operations. Needs no database."""
    from framework.migrations.squashing.rewriter import shorten
    from framework.migrations.writer.files import forget_bytecode

    outline = Outline.of(invocation.settings)
    require_apps(outline, [app])
    graph = files_of(outline)
    if not graph.of(app):
        raise CommandError(f"App '{app}' does not have migrations.", code="migrations.none")
    migration = find(graph, app, name)
    found = shorten(graph, migration)
    if found.optimized == found.operations:
        typer.echo("No optimizations possible.")
        return
    typer.echo(f"Optimizing from {found.operations} operations to {found.optimized} operations.")
    if check:
        raise typer.Exit(1)
    migration.path.write_text(found.text, encoding="utf-8")
    forget_bytecode(migration.path)
    typer.echo(f"Optimized migration {migration.path}")
