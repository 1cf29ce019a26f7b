"""Marking, finding and running checks: the framework's own, then every app's."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any, cast, overload

from framework._modules import defined_in, name_of, where
from framework.checks.message import Level, Message
from framework.checks.security import check_allowed_hosts, check_debug, check_secret_key
from framework.checks.services import check_services
from framework.checks.settings import check_variables
from framework.errors import ImproperlyConfigured

if TYPE_CHECKING:
    from framework.project import Project

type Check = Callable[["Project"], Iterable[Message]]
"""A function that looks at a loaded project and yields what it finds. It opens nothing and awaits nothing.

One that takes `deploy` as well is told whether this is `check --deploy`, for what is worse in production.
"""


@dataclass(frozen=True, slots=True)
class Marked:
    """A check with what its mark says."""

    function: Check
    tags: tuple[str, ...] = ()
    deploy: bool = False


BUILT_IN = (
    Marked(check_secret_key, ("security",)),
    Marked(check_debug, ("security",), deploy=True),
    Marked(check_allowed_hosts, ("security",), deploy=True),
    Marked(check_services, ("services",)),
    Marked(check_variables, ("settings",)),
)
"""What every project is asked, whatever its apps."""


@overload
def check[C: Check](function: C, /) -> C: ...
@overload
def check[C: Check](*, tags: tuple[str, ...] = (), deploy: bool = False) -> Callable[[C], C]: ...
def check(function: Any = None, /, *, tags: tuple[str, ...] = (), deploy: bool = False) -> Any:
    """Mark a function of `checks.py` for discovery. With `deploy` it runs only under `check --deploy`."""

    def mark(function: Any) -> Any:
        setattr(function, "__check__", Marked(function, tags, deploy))  # noqa: B010 — an attribute no checker knows
        return function

    return mark if function is None else mark(function)


def is_silenced(project: "Project", message: Message) -> bool:
    """Tell whether the project's settings silence a message. Errors are never silenced."""
    return message.level < Level.ERROR and message.code in project.settings.silenced_checks


def run(project: "Project", *, tags: Iterable[str] = (), deploy: bool = False) -> Iterator[Message]:
    """Yield the findings of the framework's checks, then of every app's in order; with `tags`, of those with one.

    Silenced ones are among them: `is_silenced` tells.
    """
    wanted = set(tags)
    for marked in _checks(project):
        if (deploy or not marked.deploy) and (not wanted or wanted & set(marked.tags)):
            yield from _findings(marked.function, project, deploy)


def tags(project: "Project", *, deploy: bool = False) -> list[str]:
    """Return the tags of the project's checks, sorted; those of deployment checks only with `deploy`."""
    return sorted({tag for marked in _checks(project) if deploy or not marked.deploy for tag in marked.tags})


def _checks(project: "Project") -> Iterator[Marked]:
    yield from BUILT_IN
    for _, module in project.apps.modules("checks"):
        for value in list(vars(module).values()):
            if isinstance(marked := getattr(value, "__check__", None), Marked) and defined_in(value, module):
                yield marked


def _findings(function: Check, project: "Project", deploy: bool) -> Iterator[Message]:
    told = {"deploy": deploy} if "deploy" in signature(function).parameters else {}
    result = cast("object", cast("Any", function)(project, **told))
    if not isinstance(result, Iterable):
        raise _no_message(function, result)
    for item in cast("Iterable[object]", result):
        if not isinstance(item, Message):
            raise _no_message(function, item)
        yield item


def _no_message(function: Check, found: object) -> ImproperlyConfigured:
    if hasattr(found, "close"):
        cast("Any", found).close()  # a coroutine that nobody will await
    return ImproperlyConfigured(
        f"Check {name_of(function)} ({where(function)}) gives {type(found).__name__}; wanted Messages.",
        hint="Yield framework.checks.Message objects from a plain function, or return a list of them.",
        code="checks.result",
    )
