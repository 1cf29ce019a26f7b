"""`clearsessions`."""

import typer

from framework.auth.commands.group import commands, counted
from framework.auth.services import ActionTokens, Logins
from framework.services import Inject


@commands.command()
async def clearsessions(logins: Inject[Logins], links: Inject[ActionTokens]) -> None:
    """Delete sessions, tokens and links of mails that have ended or expired. Run it once a day."""
    cleared, gone = await logins.clear(), await links.clear()
    found = (counted(cleared.logins, "login"), counted(cleared.tokens, "refresh token"), counted(gone, "link"))
    typer.echo("Deleted {}, {} and {}.".format(*found))
