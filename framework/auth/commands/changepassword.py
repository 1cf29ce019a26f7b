"""`changepassword`, with Django's questions and words."""

import getpass
import sys
from typing import Annotated

import typer

from framework.auth.commands.asking import ask_password, at_terminal, cancellable
from framework.auth.commands.group import commands
from framework.auth.services import ActionTokens, ApiKeys, Logins, Passwords, Users
from framework.auth.tables import require_tables
from framework.errors import CommandError
from framework.project import Project
from framework.services import Inject
from framework.users import UserBase

__all__ = ["changepassword"]

TRIES = 3


@commands.command()
async def changepassword(
    project: Inject[Project],
    users: Inject[Users],
    passwords: Inject[Passwords],
    logins: Inject[Logins],
    keys: Inject[ApiKeys],
    links: Inject[ActionTokens],
    login: Annotated[str | None, typer.Argument(help="Whose; by default, who you are on this machine.")] = None,
) -> None:
    """Change the password of a user, and log the user out everywhere. Without a terminal, it is the first line read."""
    await require_tables(project)
    name = login or getpass.getuser()
    user = await users.find(name)
    if user is None:
        hint = None if login else "Say whose: python manage.py changepassword ada@example.com"
        raise CommandError(f"user {name!r} does not exist", hint=hint, code="auth.no-user")
    if at_terminal():
        typer.echo(f"Changing password for user {str(user)!r}")
        with cancellable():
            password = await choose(passwords, user)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
        if problems := await passwords.problems(password, user):
            raise CommandError(" ".join(problems), code="auth.password")
    user = await users.get(user.id)
    await users.set_password(user, password, validate=False)
    await links.revoke(user)
    await logins.end_all(user)
    await keys.password_changed(user)
    typer.echo(f"Password changed successfully for user {str(user)!r}")


async def choose(passwords: Passwords, user: UserBase) -> str:
    """Return a password that was typed twice and is good enough; give up after three times."""
    for _ in range(TRIES):
        password = ask_password("Password: ")
        if not password:
            raise CommandError("aborted", code="auth.password")
        if password != ask_password("Password (again): "):
            typer.echo("Passwords do not match. Please try again.", err=True)
        elif problems := await passwords.problems(password, user):
            typer.echo("\n".join(problems), err=True)
        else:
            return password
    raise CommandError(f"Aborting password change for user {str(user)!r} after {TRIES} attempts", code="auth.password")
