"""What the database holds of auth and of the users, for whoever must know before anything is asked of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect

from framework.auth.models import Permission
from framework.db import Database
from framework.errors import CommandError
from framework.users import user_model

if TYPE_CHECKING:
    from framework.project import Project

__all__ = ["Tables", "read_tables", "require_tables", "warn_before_serving", "warn_of_late_swap"]

READY = "framework.users"
"""The app of the ready users."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What is there."""

    permissions: bool
    """Whether there are the tables of auth."""
    missing: Sequence[str]
    """The columns that the model of the users has and its table has not."""


async def read_tables(project: "Project") -> Tables:
    """Ask the project's database."""
    users: Any = user_model(project)
    own: Any = Permission

    def look(connection: Connection) -> Tables:
        found = inspect(connection)
        columns: set[str] = set()
        if has_users := found.has_table(users.__table__.name):
            columns = {column["name"] for column in found.get_columns(users.__table__.name)}
        missing = [column.name for column in users.__table__.columns if has_users and column.name not in columns]
        return Tables(found.has_table(own.__table__.name), missing)

    async with project.scope() as scope:
        database = await scope.get(Database)
    async with database.read_engine.connect() as connection:
        return await connection.run_sync(look)


async def warn_before_serving(project: "Project") -> list[str]:
    """Return the same lines before the project runs, in a loop of its own; a database is not made for it."""
    async with project.scope() as scope:
        database = await scope.get(Database)
    if project.apps["users"].name == READY or (database.url.path is not None and not database.url.path.exists()):
        return []
    try:
        return warn_of_late_swap(project, await read_tables(project))
    finally:
        await database.dispose()


async def require_tables(project: "Project") -> None:
    """Raise `CommandError` when the database has no users yet: who starts a project often forgets `migrate`."""
    if not (await read_tables(project)).permissions:
        raise CommandError(
            "The tables of users and auth are not there.", hint="python manage.py migrate", code="auth.not-migrated"
        )


def warn_of_late_swap(project: "Project", tables: Tables) -> list[str]:
    """Return lines about users of the project's own whose table is not theirs."""
    app = project.apps["users"]
    if app.name == READY or not tables.missing:
        return []
    lacking = ", ".join(map(repr, tables.missing))
    return [
        f"\nWARNING: The table of {app.name}.User lacks {lacking}: a migration is missing or not applied, "
        f"or {READY} made the table before {app.name} took its place.  [users.late-swap]",
        "Run 'python manage.py makemigrations users' and migrate. If neither finds anything to do, begin the history "
        f"of {app.name} with a copy of {READY}'s 0001_initial.py, and make the migration anew.",
    ]
