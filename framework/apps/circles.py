"""Two apps that import each other: the way round, and the way out."""

from collections.abc import Sequence
from types import ModuleType

from framework.apps.config import AppConfig
from framework.errors import ImproperlyConfigured


def circle(error: Exception, apps: Sequence[AppConfig]) -> ImproperlyConfigured | None:
    """Return the error for a circular import between apps; `None` when `error` is not that, and stays its author's."""
    steps = _steps(error)
    target, missing = _wanted(error)
    while steps and steps[0][0] != target:
        del steps[0]  # the way into the circle
    if len({_owner(name, apps) for name, _ in steps} - {None}) < 2:
        return None
    owner, last = _owner(target, apps), steps[-1][1]
    if owner is not None and target == f"{owner.name}.models":
        path = f"{owner.app_label}.{missing or 'Model'}"
        hint = (
            f"In {last} import {missing or target} under `if TYPE_CHECKING:` only, and name it by its string: "
            f'Relationship(to="{path}"), Field(foreign_key="{path}.id").'
        )
    else:
        hint = f"In {last} import it where it is used, or move what both need into a module that imports neither."
    return ImproperlyConfigured(
        f"Apps import each other in a circle: {' -> '.join([*(name for name, _ in steps), target])}.",
        hint=hint,
        code="apps.circular-import",
    )


def _wanted(error: Exception) -> tuple[str, str | None]:
    """Return the module that was asked for something before it had it, and for what."""
    match error:
        case ImportError(name=str(module)) if "partially initialized module" in error.msg:
            return module, error.name_from
        case AttributeError(obj=ModuleType() as module) if "partially initialized module" in str(error):
            return module.__name__, error.name
        case AttributeError(obj=ModuleType() as package):  # a package holds a submodule only when that is complete
            return f"{package.__name__}.{error.name}", None
        case _:
            return "", None


def _steps(error: BaseException) -> list[tuple[str, str]]:
    """Return the modules that were being imported when the error came, outermost first, each with its `file:line`."""
    steps: list[tuple[str, str]] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_name == "<module>":
            steps.append((trace.tb_frame.f_globals["__name__"], f"{code.co_filename}:{trace.tb_lineno}"))
        trace = trace.tb_next
    return steps


def _owner(module: str, apps: Sequence[AppConfig]) -> AppConfig | None:
    return next((app for app in apps if module == app.name or module.startswith(app.name + ".")), None)
