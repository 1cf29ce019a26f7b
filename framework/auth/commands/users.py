"""`users`."""

import json as json_
from typing import Annotated

import typer
from sqlalchemy import ColumnElement, or_

from framework.auth.commands.group import commands
from framework.auth.models import Group, UserGroup
from framework.auth.tables import require_tables
from framework.db import ReadRepository, ReadSession, col, select
from framework.management.table import table
from framework.project import Project
from framework.services import Inject
from framework.users import UserBase

__all__ = ["users"]


@commands.command()
async def users(
    project: Inject[Project],
    session: Inject[ReadSession],
    model: Inject[type[UserBase]],
    search: Annotated[str, typer.Argument(help="A part of the email, the username or the name.")] = "",
    active: Annotated[bool | None, typer.Option(help="Only who can log in, or who cannot.")] = None,
    staff: Annotated[bool | None, typer.Option(help="Only the staff, or who is none of it.")] = None,
    superuser: Annotated[bool | None, typer.Option(help="Only superusers, or who is none.")] = None,
    group: Annotated[str | None, typer.Option(help="Only the members of this group.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The number of users to list.")] = 100,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List the users, the newest first."""
    await require_tables(project)
    flags = {"is_active": active, "is_staff": staff, "is_superuser": superuser}
    where: list[ColumnElement[bool]] = [
        col(getattr(model, name)).is_(value) for name, value in flags.items() if value is not None
    ]
    if search:
        named = (model.email, model.username, model.full_name)
        where.append(or_(*(col(field).icontains(search, autoescape=True) for field in named)))
    if group is not None:
        members = select(UserGroup.user_id).join(Group, col(Group.id) == UserGroup.group_id)
        where.append(col(model.id).in_(members.where(Group.name == group)))
    rows = ReadRepository(session, model)
    found = await rows.all(*where, order="-id", limit=limit)
    if json:
        typer.echo(json_.dumps([row.model_dump(mode="json") for row in found], indent=2))
        return
    if found:
        typer.echo(table(("id", "email", "username", "name", "flags", "last login"), [*map(cells, found)]))
    else:
        typer.echo("No users.")
    if (count := await rows.count(*where)) > len(found):
        typer.echo(f"{count - len(found)} more; --limit lists more of them.")


def cells(user: UserBase) -> list[str]:
    """Return what a person sees of a user."""
    flags = {"inactive": not user.is_active, "superuser": user.is_superuser, "staff": user.is_staff}
    seen = f"{user.last_login_at:%Y-%m-%d %H:%M}" if user.last_login_at else "never"
    shown = ", ".join(name for name, holds in flags.items() if holds)
    return [str(user.id), user.email, user.username or "", user.full_name, shown, seen]
