"""Checks of what the apps provide."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from framework.checks.message import Level, Message

if TYPE_CHECKING:
    from framework.project import Project


def check_services(project: "Project") -> Iterator[Message]:
    """Find services that nothing can build as the project stands."""
    for problem in project.services.problems():
        # Only a warning: an app may still provide it in its lifespan, and a project that starts looks again.
        yield Message(Level.WARNING, problem.message, hint=problem.hint, code=problem.code)
