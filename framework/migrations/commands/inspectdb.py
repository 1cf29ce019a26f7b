"""`inspectdb`."""

from typing import Annotated

import typer

from framework.migrations.commands.group import commands
from framework.project import Project
from framework.services import Inject


@commands.command()
async def inspectdb(
    project: Inject[Project],
    tables: Annotated[list[str] | None, typer.Argument(metavar="[TABLE]...", help="Only these tables.")] = None,
    include_views: Annotated[bool, typer.Option("--include-views", help="Write views too.")] = False,
    include_partitions: Annotated[bool, typer.Option("--include-partitions", help="Write partitions too.")] = False,
    schema: Annotated[str | None, typer.Option("--schema", help="Look in this schema.")] = None,
) -> None:
    """Write models of the tables in the database, to put into a models.py."""
    from framework.migrations.inspectdb.inspector import Wanted, models_of_database

    wanted = Wanted(frozenset(tables or ()), include_views, include_partitions, schema)
    typer.echo(await models_of_database(project, wanted), nl=False)
