"""`clearsessions`."""

import typer

from framework.auth.commands.group import commands, counted
from framework.auth.services import Logins
from framework.services import Inject


@commands.command()
async def clearsessions(logins: Inject[Logins]) -> None:
    """Delete sessions and tokens that have ended or expired. Run it once a day."""
    cleared = await logins.clear()
    typer.echo(f"Deleted {counted(cleared.logins, 'login')} and {counted(cleared.tokens, 'refresh token')}.")
