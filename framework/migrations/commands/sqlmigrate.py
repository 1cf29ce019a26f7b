"""`sqlmigrate`."""

from enum import StrEnum
from typing import Annotated

import typer

from framework.db.settings import DatabaseSettings
from framework.db.url import DatabaseURL
from framework.errors import CommandError
from framework.management import Invocation
from framework.migrations.commands.group import commands
from framework.migrations.history.project import Outline, files_of, require_apps
from framework.migrations.history.targets import find
from framework.services import Inject


class Dialect(StrEnum):
    """The databases there are."""

    postgresql = "postgresql"
    sqlite = "sqlite"


@commands.command()
def sqlmigrate(
    invocation: Inject[Invocation],
    app: Annotated[str, typer.Argument(help="Label of the app.")],
    name: Annotated[str, typer.Argument(help="The migration, or what its name starts with.")],
    backwards: Annotated[bool, typer.Option("--backwards", help="The SQL that unapplies it.")] = False,
    dialect: Annotated[
        Dialect | None, typer.Option("--dialect", help="For this database instead of the one in the settings.")
    ] = None,
) -> None:
    """Print the SQL of a migration. Needs no database."""
    from framework.migrations.schema_editor.sql import statements

    outline = Outline.of(invocation.settings)
    require_apps(outline, [app])
    graph = files_of(outline)
    if not graph.of(app):
        raise CommandError(f"App {app!r} does not have migrations.", code="migrations.none")
    settings = outline.settings.section(DatabaseSettings)
    backend = dialect.value if dialect else DatabaseURL.parse(settings.url, root=outline.settings.root).backend
    lines = statements(graph, find(graph, app, name), backend, backwards=backwards)
    if not lines and invocation.verbosity:
        typer.echo("No operations found.", err=True)
    for line in lines:
        typer.echo(line)
