"""Permissions, and the groups that users get them by."""

from framework.db import Field, Model, Relationship

__all__ = ["Group", "GroupPermission", "Permission", "UserGroup", "UserPermission"]


class GroupPermission(Model, table=True):
    """A permission that the members of a group have."""

    group_id: int = Field(foreign_key="auth.Group.id", ondelete="CASCADE", primary_key=True)
    permission_id: int = Field(foreign_key="auth.Permission.id", ondelete="CASCADE", primary_key=True, index=True)


class Permission(Model, table=True):
    """Something that users may be allowed to do. `migrate` makes four for every model, and what models declare."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(max_length=200, unique=True)
    """`"label.action_model"`, as in `"blog.change_post"`."""
    description: str = Field(default="", max_length=200)
    """For people: `"Can change post"`."""


class Group(Model, table=True):
    """Users that share permissions: editors, support."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(max_length=150, unique=True)
    permissions: list[Permission] = Relationship(link_model=GroupPermission, order_by="name")


class UserGroup(Model, table=True):
    """A group that a user is in."""

    user_id: int = Field(foreign_key="users.User.id", ondelete="CASCADE", primary_key=True)
    group_id: int = Field(foreign_key="auth.Group.id", ondelete="CASCADE", primary_key=True, index=True)


class UserPermission(Model, table=True):
    """A permission that a user has in person."""

    user_id: int = Field(foreign_key="users.User.id", ondelete="CASCADE", primary_key=True)
    permission_id: int = Field(foreign_key="auth.Permission.id", ondelete="CASCADE", primary_key=True, index=True)
