"""What access asks the database."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, inspect, select, union
from sqlmodel import SQLModel

from framework.auth.models import GroupPermission, Permission, UserGroup, UserPermission
from framework.db import col
from framework.errors import FrameworkError
from framework.users import UserBase

__all__ = ["is_row", "model_of", "names_for"]


def names_for(user: UserBase) -> Select[str]:
    """Return the statement that selects the names of a user's permissions: all there are for a superuser."""
    names = select(col(Permission.name))
    if user.is_superuser:
        return names
    own = select(col(UserPermission.permission_id)).where(col(UserPermission.user_id) == user.id)
    by_groups = (
        select(col(GroupPermission.permission_id))
        .join(UserGroup, col(UserGroup.group_id) == col(GroupPermission.group_id))
        .where(col(UserGroup.user_id) == user.id)
    )
    return names.where(col(Permission.id).in_(union(own, by_groups)))


def model_of(statement: Select[*tuple[Any, ...]]) -> type[SQLModel]:
    """Return the model that a statement selects first. An alias is none: conditions are written for the model."""
    found = [description.get("entity") for description in statement.column_descriptions]
    if not found or not isinstance(found[0], type):
        raise FrameworkError(
            f"access.filter() was given a statement that selects {found[0] if found else 'nothing'!r} first.",
            hint="Narrow a `select(Post)`, or one that selects columns of Post first; not an alias of it.",
            code="auth.filter",
        )
    return found[0]


def is_row(subject: SQLModel) -> ColumnElement[bool]:
    """Return the condition that only the row of an object meets."""
    mapper = inspect(type(subject))
    keys = zip(mapper.primary_key, mapper.primary_key_from_instance(subject), strict=True)
    return and_(*(column == value for column, value in keys))
