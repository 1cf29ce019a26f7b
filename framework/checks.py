"""System checks: what a project can find wrong with itself before it serves."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.project import Project

__all__ = ["Check", "Level", "Message", "check", "run", "tags"]


class Level(IntEnum):
    """How bad a message is. `ERROR` and above stop a command."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50


@dataclass(frozen=True, slots=True)
class Message:
    """One finding: what, what to do, a stable code, and where (`file:line`, a model, a route)."""

    level: Level
    text: str
    hint: str | None = None
    code: str = ""
    where: str | None = None


type Check = Callable[["Project"], Iterable[Message]]


def check(*, tags: tuple[str, ...] = (), deploy: bool = False) -> Callable[[Check], Check]:
    """Mark a function of `checks.py` for discovery. With `deploy` it runs only under `check --deploy`."""

    def mark(function: Check) -> Check:
        setattr(function, "__check__", (tags, deploy))  # noqa: B010 — an attribute no checker knows
        return function

    return mark


def run(project: "Project", *, tags: tuple[str, ...] = (), deploy: bool = False) -> Iterator[Message]:
    """Yield the findings of every installed app's checks, in order of the apps."""
    for function, own_tags, only_deploy in _marked(project):
        if (deploy or not only_deploy) and (not tags or set(tags) & set(own_tags)):
            yield from function(project)


def tags(project: "Project", *, deploy: bool = False) -> list[str]:
    """Return the tags of the installed apps' checks, sorted; those of deployment checks only with `deploy`."""
    return sorted({tag for _, own, only_deploy in _marked(project) if deploy or not only_deploy for tag in own})


def _marked(project: "Project") -> Iterator[tuple[Check, tuple[str, ...], bool]]:
    for _, module in project.apps.modules("checks"):
        for value in list(vars(module).values()):
            marked = getattr(value, "__check__", None)
            if marked is not None and value.__module__ == module.__name__:
                yield value, *marked
