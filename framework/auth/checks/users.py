"""Checks of a project's own users."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Integer

from framework.checks import Level, Message, check
from framework.project import Project
from framework.users import UserBase, user_model

__all__ = ["users_are_as_others_expect"]

TABLE = "users_user"


@check(tags=("models",))
def users_are_as_others_expect(project: Project) -> Iterator[Message]:
    """Find users to whom nobody can refer, or who cannot log in."""
    model: Any = user_model(project)
    where = f"{model.__module__}.{model.__name__}"
    columns = model.__table__.columns
    if model.__table__.name != TABLE:
        yield Message(
            Level.ERROR,
            f"The table of {where} is called {model.__table__.name!r}; other apps refer to {TABLE!r}.",
            hint="Take `__tablename__` out of the class.",
            code="users.table",
            where=where,
        )
    if not isinstance(columns["id"].type, Integer):
        yield Message(
            Level.ERROR,
            f"The key of {where} is {columns['id'].type!r}; other apps refer to users by a number.",
            hint="Take `id` out of the class: UserBase has one. A public id of another kind may be one more field.",
            code="users.key",
            where=where,
        )
    for name in UserBase.model_fields:
        if name not in columns:
            yield Message(
                Level.ERROR,
                f"{where} has no column {name!r}, which every user has.",
                hint=f"Take what hides {name!r} out of the class.",
                code="users.field",
                where=where,
            )
    if "email" in columns and not is_unique(model.__table__, "email"):
        yield Message(
            Level.ERROR,
            f"{where}.email is not unique: of two users with one address, anybody may be meant.",
            hint="Take `email` out of the class, or write unique=True.",
            code="users.field",
            where=where,
        )
    if not any(project.apps["users"].path.glob("migrations/[0-9]*.py")) and "migrations" in project.apps:
        yield Message(
            Level.WARNING,
            f"{project.apps['users'].name} has no migration yet; the tables of other apps refer to its own.",
            hint="python manage.py makemigrations users    before the first migrate.",
            code="users.no-migration",
            where=where,
        )


def is_unique(table: Any, name: str) -> bool:
    """Tell whether a constraint or an index keeps the values of one column unique."""
    constraints = [item.columns.keys() for item in table.constraints if type(item).__name__ == "UniqueConstraint"]
    indexes = [index.columns.keys() for index in table.indexes if index.unique]
    return [name] in [*constraints, *indexes]
