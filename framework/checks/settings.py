"""Checks of what the project's settings are read from."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from framework.checks.message import Level, Message

if TYPE_CHECKING:
    from framework.project import Project


def check_variables(project: "Project") -> Iterator[Message]:
    """Find variables that were meant to change a section and change nothing."""
    for variable in project.settings.unknown_variables():
        place = variable.source.place
        yield Message(Level.WARNING, variable.text, hint=variable.hint, code="conf.unknown-variable", where=place)
