"""What `migrate --prune` does: rows of migrations whose files are gone go too."""

import typer

from framework.errors import CommandError
from framework.management import Invocation
from framework.migrations.history.replacements import stands_for
from framework.migrations.recorder.status import Status

__all__ = ["prune"]


async def prune(invocation: Invocation, seen: Status, app: str | None) -> None:
    """Take away the rows of an app that no file belongs to, with Django's words."""
    if app is None:
        raise CommandError("Migrations can be pruned only when an app is specified.", code="migrations.prune")
    files = seen.graph.files
    known = {(node.app, node.name) for node in files.values()}
    rows = sorted(row for row in seen.rows.names - known if row[0] == app)
    blocking = [node for node in files.values() if set(stands_for(node, files)) & set(rows)]
    typer.echo("Pruning migrations:")
    if blocking:
        typer.echo(
            "  Cannot use --prune because the following squashed migrations have their 'replaces' attributes and may "
            "not be recorded as applied:"
        )
        for node in blocking:
            typer.echo(f"    {node}")
        typer.echo(
            "  Re-run 'manage.py migrate' if they are not marked as applied, and remove 'replaces' in their files."
        )
    elif not rows:
        typer.echo("  No migrations to prune.")
    else:
        from framework.migrations.executor.project import executor_at

        async with executor_at(seen.url, invocation.settings, seen.graph) as executor:
            await executor.forget(rows)
        for _, name in rows:
            typer.echo(f"  Pruning {app}.{name} OK")
