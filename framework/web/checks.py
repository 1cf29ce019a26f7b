"""Checks of what is served."""

from collections.abc import Iterator
from typing import Any

from framework.checks import Level, Message
from framework.project import Project
from framework.web.application import Application
from framework.web.dependencies import Resolver
from framework.web.mounting import routes


def check_application(project: Project) -> Iterator[Message]:
    """Find services that routes ask for and nothing can build.

    Raises `ImproperlyConfigured` for what keeps the project from being served at all.
    """
    Application(project)
    for route in routes(project):
        for type_ in _asked_for(getattr(route.context, "dependant", None)):
            if (problem := project.services.problem(type_)) is not None:
                # Only a warning, as for services: an app may still provide it in its lifespan.
                text = f"{route.name} cannot be answered. {problem.message}"
                yield Message(Level.WARNING, text, hint=problem.hint, code=problem.code, where=route.where)


def _asked_for(dependant: Any) -> Iterator[Any]:
    """Yield the type of every `Inject[T]` of a route and of what it depends on."""
    if isinstance(call := getattr(dependant, "call", None), Resolver):
        yield call.type
    for below in getattr(dependant, "dependencies", ()):
        yield from _asked_for(below)
