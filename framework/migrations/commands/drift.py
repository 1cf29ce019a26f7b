"""What `migrate --drift` prints."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from framework.migrations.drift import Drift

__all__ = ["show"]


def show(drift: "Drift") -> None:
    """Print who is ahead, app by app."""
    for app in drift.apps:
        typer.echo(app)
        section(drift.models.get(app), f"Models are ahead of the files. Run 'manage.py makemigrations {app}':")
        section(drift.files.get(app), f"Files are ahead of the database. Run 'manage.py migrate {app}':")
        section(drift.recorded.get(app), "The database is ahead of the files. It has migrations without a file:")
        found = [line for item in drift.database if item.app == app for line in (str(item.difference), item.advice)]
        lines = [line if place % 2 == 0 else f"  {line}" for place, line in enumerate(found)]
        section(lines, "The database differs from what its migrations made:")
    if drift.strangers:
        typer.echo(f"No app owns these tables; they are left alone: {', '.join(drift.strangers)}")
    if not drift:
        typer.echo("Models, migration files and database agree.")


def section(lines: list[str] | None, title: str) -> None:
    """Print lines under a title, if there are any."""
    if lines:
        typer.echo(f"  {title}")
        for line in lines:
            typer.echo(f"    {line}")
