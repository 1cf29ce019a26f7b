"""The rows of permissions, as many as the models of a project call for."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from framework.auth.access import PermissionNames
from framework.auth.models import Permission
from framework.db import Repository, models_of

if TYPE_CHECKING:
    from framework.project import Project

__all__ = ["described", "store_permissions"]


async def store_permissions(project: "Project") -> None:
    """Store the permissions of every model that are missing. What no model has any more stays, as in Django.

    Safe for many processes at once.
    """
    async with project.scope() as scope:
        wanted = described(project, await scope.get(PermissionNames))
        rows = await scope.get(Repository[Permission])
        known = {row.name for row in await rows.all()}
        for name in sorted(wanted.keys() - known):
            await rows.ensure(Permission(name=name, description=wanted[name]))


def described(project: "Project", names: PermissionNames) -> Mapping[str, str]:
    """Return the permissions of the project's models, each with its sentence for people."""
    return {
        names.name(action, model): sentence(model, action)
        for model in models_of(project)
        for action in names.actions(model)
    }


def sentence(model: type[Any], action: str) -> str:
    """Return what a model says of an action of its own, or "Can change blog post"."""
    own: Mapping[str, str] = getattr(model, "__permissions__", {})
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", model.__name__).lower()
    return own.get(action) or f"Can {action.replace('_', ' ')} {words}"
