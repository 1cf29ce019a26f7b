"""The permissions that a project's models have, by name."""

from typing import Any

from framework.db import models_of
from framework.errors import FrameworkError
from framework.near import near
from framework.project import Project

__all__ = ["ACTIONS", "PermissionNames", "near"]

ACTIONS = ("add", "change", "delete", "view")
"""What may be done with the rows of every model."""


class PermissionNames:
    """The permissions of a project's models: `"blog.change_post"` is the action `change` on `blog`'s `Post`."""

    def __init__(self, project: Project) -> None:
        self._labels = {model: app.app_label for app in project.apps for model in models_of(project, app.app_label)}
        self._actions = {model: (*ACTIONS, *declared(model)) for model in self._labels}
        self._all = {self.name(action, model) for model in self._labels for action in self._actions[model]}

    def actions(self, model: type[Any]) -> tuple[str, ...]:
        """Return what may be done with the rows of a model."""
        return self._actions[self.known(model)]

    def name(self, action: str, model: type[Any]) -> str:
        """Return the name of a permission."""
        return f"{self._labels[self.known(model)]}.{action}_{model.__name__.lower()}"

    def known(self, model: type[Any]) -> type[Any]:
        """Return `model`. Raises when no installed app has it."""
        if model not in self._labels:
            raise FrameworkError(
                f"{model.__module__}.{model.__name__} is no model of an installed app, so it has no permissions.",
                hint=near(model.__name__, [known.__name__ for known in self._labels])
                or "Ask about a row, or a class, of a model with table=True.",
                code="auth.unknown-model",
            )
        return model

    def __contains__(self, name: object) -> bool:
        return name in self._all

    def unknown(self, name: str) -> FrameworkError:
        """Return the error for a permission that no model has."""
        return FrameworkError(
            f"No installed app has the permission {name!r}.",
            hint=near(name, self._all) or "It is called 'label.action_model': 'blog.change_post'.",
            code="auth.unknown-permission",
        )


def declared(model: type[Any]) -> tuple[str, ...]:
    """Return the actions that a model declares beside those that every model has."""
    return tuple(getattr(model, "__permissions__", ()))
