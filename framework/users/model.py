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
    package = project.apps["users"].name
    found = next((model for model in models_of(project, "users") if model.__name__ == "User"), None)
    if found is None:
        problem = f"The app {package!r} has no model User."
    elif issubclass(found, UserBase):
        return found
    else:
        lacking = ", ".join(repr(name) for name in UserBase.model_fields if name not in found.model_fields)
        problem = f"{found.__module__}.User does not derive from UserBase, and lacks {lacking or 'its methods'}."
    raise ImproperlyConfigured(
        problem,
        hint="Write `class User(UserBase, table=True)` in its models.py; UserBase is in framework.users.",
        code="users.no-model",
    )
