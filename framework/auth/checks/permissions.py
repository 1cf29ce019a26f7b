"""Checks of the permissions that models declare."""

import re
from collections.abc import Iterator, Mapping
from typing import cast

from framework.auth.access.names import ACTIONS
from framework.checks import Level, Message, check
from framework.db import models_of
from framework.project import Project

__all__ = ["declared_permissions_are_names"]

ACTION = re.compile(r"[a-z][a-z0-9_]{0,49}")


@check(tags=("models",))
def declared_permissions_are_names(project: Project) -> Iterator[Message]:
    """Find declared permissions that are no names, or that every model has."""
    for model in models_of(project):
        declared: object = getattr(model, "__permissions__", {})
        for problem in problems_of(declared):
            yield Message(
                Level.ERROR,
                f"{model.__module__}.{model.__name__}.__permissions__ {problem}.",
                hint='Write __permissions__: ClassVar = {"publish": "Can publish posts"}.',
                code="auth.permissions",
                where=f"{model.__module__}.{model.__name__}",
            )


def problems_of(declared: object) -> Iterator[str]:
    """Yield what is wrong with what a model declares."""
    if not isinstance(declared, Mapping):
        yield f"is {type(declared).__name__}; wanted a dict of actions, each with a sentence"
        return
    for action, sentence in cast("Mapping[object, object]", declared).items():
        if not (isinstance(action, str) and ACTION.fullmatch(action)):
            yield f"names the action {action!r}; wanted lower-case letters, digits and underscores, 50 at most"
        elif action in ACTIONS:
            yield f"names the action {action!r}, which every model has"
        elif not isinstance(sentence, str) or len(sentence) > 200:
            yield f"says {sentence!r} of {action!r}; wanted a sentence of at most 200 characters"
