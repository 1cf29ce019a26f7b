"""Which class the users of a project are."""

from typing import TYPE_CHECKING

from framework.db import models_of
from framework.errors import ImproperlyConfigured
from framework.users.base import UserBase

if TYPE_CHECKING:
    from framework.project import Project

__all__ = ["user_model"]


def user_model(project: "Project") -> type[UserBase]:
    """Return the project's `users.User`: the ready one, or that of its own app labelled `users`."""
    for model in models_of(project, "users"):
        if model.__name__ == "User" and issubclass(model, UserBase):
            return model
    raise ImproperlyConfigured(
        f"The app {project.apps['users'].name!r} has no model User that derives from UserBase.",
        hint="Write `class User(UserBase, table=True)` in its models.py; UserBase is in framework.users.",
        code="users.no-model",
    )
