"""Two apps that import each other: the way round, and the way out."""

from collections.abc import Sequence
from types import ModuleType

from framework.apps.config import AppConfig
from framework.errors import ImproperlyConfigured


def circle(error: Exception, apps: Sequence[AppConfig]) -> ImproperlyConfigured | None:
    """Return the error for a circular import between apps; `None` when `error` is not that, and stays its author's."""
    target, steps = _target(error), _steps(error)
    while steps and steps[0][0] != target:
        del steps[0]  # the way into the circle
    if target is None or len({_owner(name, apps) for name, _ in steps} - {None}) < 2:
        return None
    owner, last = _owner(target, apps), steps[-1][1]
    missing = getattr(error, "name_from", None) or getattr(error, "name", None)
    if owner is not None and target == f"{owner.name}.models":
        path = f'"{owner.app_label}.{missing}"'
        hint = (
            f"In {last} import {missing} under `if TYPE_CHECKING:` only, and name it by its string: "
            f'Relationship(to={path}), Field(foreign_key={path[:-1]}.id").'
        )
    else:
        hint = f"In {last} import it where it is used, or move what both need into a module that imports neither."
    return ImproperlyConfigured(
        f"Apps import each other in a circle: {' -> '.join([*(name for name, _ in steps), target])}.",
        hint=hint,
        code="apps.circular-import",
    )


def _target(error: Exception) -> str | None:
    """Return the module that was asked for a name before it had it."""
    match error:
        case ImportError() if "partially initialized module" in error.msg:
            return error.name
        case AttributeError(obj=ModuleType() as module) if "partially initialized module" in str(error):
            return module.__name__
        case _:
            return None


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
