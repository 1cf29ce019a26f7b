"""`revoke`."""

from typing import Annotated

import typer

from framework.auth.commands.group import commands, counted
from framework.auth.services import ApiKeys, Logins, Users
from framework.errors import CommandError
from framework.services import Inject


@commands.command()
async def revoke(
    login: Annotated[str, typer.Argument(help="Who: what the user logs in by.")],
    users: Inject[Users],
    logins: Inject[Logins],
    api_keys: Inject[ApiKeys],
    keys: Annotated[bool, typer.Option("--keys", help="Revoke the user's API keys, too.")] = False,
) -> None:
    """Log a user out on all devices: end every session and all tokens."""
    user = await users.find(login)
    if user is None:
        raise CommandError(f"No user logs in by {login!r}.", code="auth.no-user")
    typer.echo(f"Logged {user} out on {counted(await logins.end_all(user), 'device')}.")
    if keys:
        typer.echo(f"Revoked {counted(await api_keys.revoke_all(user), 'API key')}.")
