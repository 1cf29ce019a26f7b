"""`createsuperuser`, with Django's questions and words."""

import getpass
import os
from typing import Annotated

import typer

from framework.auth.commands.asking import ask, ask_password, at_terminal, cancellable
from framework.auth.commands.group import commands
from framework.auth.services import Passwords, Users
from framework.auth.settings import AuthSettings
from framework.auth.tables import require_tables
from framework.errors import CommandError, Conflict, DomainError, Invalid
from framework.management import Invocation
from framework.project import Project
from framework.services import Inject
from framework.users import UserBase

__all__ = ["createsuperuser"]

LABELS = {"email": "email address", "username": "username"}


@commands.command()
async def createsuperuser(
    invocation: Inject[Invocation],
    project: Inject[Project],
    settings: Inject[AuthSettings],
    users: Inject[Users],
    passwords: Inject[Passwords],
    email: Annotated[str | None, typer.Option(help="Instead of asking; or SUPERUSER_EMAIL.")] = None,
    username: Annotated[str | None, typer.Option(help="Instead of asking; or SUPERUSER_USERNAME.")] = None,
    noinput: Annotated[
        bool,
        typer.Option(
            "--noinput", "--no-input", help="Ask nothing. The password is SUPERUSER_PASSWORD; without it there is none."
        ),
    ] = False,
) -> None:
    """Create a user who may do everything."""
    await require_tables(project)
    given = {"email": email, "username": username}
    wanted = [*dict.fromkeys((*sorted(settings.login_fields, reverse=True), "email"))]
    if noinput:
        fields, password = await read(users, wanted, given), os.environ.get("SUPERUSER_PASSWORD") or None
        if password is not None:
            for problem in await passwords.problems(password, user_of(fields)):
                typer.echo(f"WARNING: {problem}", err=True)
    elif not at_terminal():
        typer.echo(
            "Superuser creation skipped due to not running in a TTY. "
            f"You can run `{invocation.program} createsuperuser` in your project to create one manually."
        )
        return
    else:
        with cancellable():
            fields = {name: given[name] or await ask_for(name, users) for name in wanted}
            await require_free(users, {name: value for name, value in fields.items() if given[name]})
            password = await choose(passwords, user_of(fields))
    try:
        await users.create_superuser(
            email=fields["email"], username=fields.get("username"), password=password, validate=False
        )
    except DomainError as error:  # somebody was faster
        raise refused(error) from None
    if invocation.verbosity:
        typer.echo("Superuser created successfully.")


async def read(users: Users, wanted: list[str], given: dict[str, str | None]) -> dict[str, str]:
    """Return the fields from the options or the environment, or say which is missing or wrong."""
    fields = {name: given[name] or os.environ.get(f"SUPERUSER_{name.upper()}", "") for name in wanted}
    for name, value in fields.items():
        if not value:
            raise CommandError(
                f"You must use --{name} with --noinput.",
                hint=f"Or set SUPERUSER_{name.upper()} in the environment.",
                code="auth.superuser",
            )
    await require_free(users, fields)
    return fields


async def require_free(users: Users, fields: dict[str, str]) -> None:
    """Raise `CommandError` when a new user could not have these."""
    try:
        await users.require_free(**fields)
    except (Invalid, Conflict) as error:
        raise refused(error) from None


def refused(error: DomainError) -> CommandError:
    return CommandError(" ".join(problems_of(error)) or error.detail, code="auth.superuser")


def problems_of(error: DomainError) -> list[str]:
    """Return what is wrong with the fields, in Django's words."""
    taken = isinstance(error, Conflict)
    return [
        f"That {LABELS.get(name, name)} is already taken." if taken else said for name, said in error.fields.items()
    ]


async def ask_for(name: str, users: Users) -> str:
    """Ask for a field until it can be had."""
    default = await own_name(users) if name == "username" else None
    leave = f" (leave blank to use {default!r})" if default else ""
    while True:
        typed = ask(f"{LABELS[name].capitalize()}{leave}: ").strip() or default or ""
        try:
            if typed:
                await users.require_free(**{name: typed})
                return typed
            typer.echo("Error: This field cannot be blank.", err=True)
        except (Invalid, Conflict) as error:
            for problem in problems_of(error):
                typer.echo(f"Error: {problem}", err=True)


async def own_name(users: Users) -> str | None:
    """Return the name of whoever sits at the terminal, if a user could have it."""
    try:
        name = getpass.getuser()
        await users.require_free(username=name)
    except (OSError, KeyError, Invalid, Conflict):
        return None
    return name


async def choose(passwords: Passwords, user: UserBase) -> str:
    """Ask for a password until there is one that is good enough, or that is wanted all the same."""
    while True:
        password = ask_password("Password: ")
        if password != ask_password("Password (again): "):
            typer.echo("Error: Your passwords didn't match.", err=True)
            continue
        if not password.strip():
            typer.echo("Error: Blank passwords aren't allowed.", err=True)
            continue
        problems = await passwords.problems(password, user)
        for problem in problems:
            typer.echo(problem, err=True)
        if not problems or ask("Bypass password validation and create user anyway? [y/N]: ").lower() == "y":
            return password


def user_of(fields: dict[str, str]) -> UserBase:
    """Return a user of these fields, which a password is compared with."""
    return UserBase(**fields)  # type: ignore[arg-type]
