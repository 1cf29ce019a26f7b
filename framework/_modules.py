"""Import by name, telling a missing module from a broken one."""

import inspect
from importlib import import_module
from types import ModuleType, TracebackType
from typing import Any, cast, get_origin

from framework.errors import ImproperlyConfigured
from framework.near import near

LOADING = "framework.apps."
"""The modules whose frames say nothing about what went wrong in an app."""


def load(dotted: str) -> ModuleType:
    """Import a module. What it raises is its author's and surfaces without the frames of the import machinery."""
    try:
        return import_module(dotted)
    except Exception as error:
        error.__traceback__ = own_traceback(error)
        raise


def import_submodule(package: str, name: str) -> ModuleType | None:
    """Return `package.name`, or `None` when the package has no such module.

    An import error *inside* the module is its author's and is left to surface.
    """
    dotted = f"{package}.{name}"
    try:
        return load(dotted)
    except ModuleNotFoundError as error:
        if error.name == dotted:
            return None
        raise


def import_object(path: str) -> object:
    """Return the object at `package.module:name`.

    Raises `ImproperlyConfigured` when the path has another form, or when the module or the name is not there.
    """
    name, colon, attribute = path.partition(":")
    if not colon or not all(part.isidentifier() for part in (*name.split("."), *attribute.split("."))):
        module_name, _, last = path.rpartition(".")
        written = f"{module_name}:{last}" if module_name and not colon else "package.module:name"
        raise ImproperlyConfigured(
            f"{path!r} is not an import path.", hint=f"Write it as {written!r}.", code="modules.path"
        )
    try:
        found: object = load(name)
    except ModuleNotFoundError as error:
        if not is_missing(error, name):
            raise
        raise ImproperlyConfigured(
            f"{path!r} names nothing: there is no module {error.name!r}.",
            hint="Check the spelling, and that the package is installed or stands in the project's folder.",
            code="modules.not-found",
        ) from None
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise ImproperlyConfigured(
                f"{path!r} names nothing: {name} has no {part!r}.",
                hint=_nearest(part, vars(found)) or f"Look in {where(found)}.",
                code="modules.not-found",
            )
        found = getattr(found, part)
    return found


def is_missing(error: ModuleNotFoundError, dotted: str) -> bool:
    """Tell whether `dotted` itself, or a package above it, is what could not be found."""
    return error.name is not None and (dotted == error.name or dotted.startswith(error.name + "."))


def expect[T](module: ModuleType, name: str, type_: type[T]) -> T:
    """Return `module.name`, or say which file had to define it and what was found instead."""
    kind: Any = get_origin(type_) or type_
    wanted = kind.__qualname__
    if not hasattr(module, name):
        names = {key: value for key, value in vars(module).items() if not isinstance(value, type | ModuleType)}
        same = [key for key, value in names.items() if isinstance(value, kind) and not key.startswith("_")]
        raise ImproperlyConfigured(
            f"{file_of(module)} defines no `{name}`; wanted `{name} = {wanted}(...)`.",
            hint=f"Rename `{same[0]}` to `{name}`." if same else _nearest(name, names),
            code="modules.missing-name",
        )
    value: object = getattr(module, name)
    if not isinstance(value, kind):
        found = f"the class {value.__qualname__}" if isinstance(value, type) else type(value).__qualname__
        raise ImproperlyConfigured(
            f"`{name}` in {file_of(module)} is {found}; wanted `{name} = {wanted}(...)`.",
            code="modules.wrong-type",
        )
    return cast("T", value)


def defined_in(value: object, module: ModuleType) -> bool:
    """Tell whether a class or function was written in `module` or a submodule of it, not merely imported there."""
    home = getattr(value, "__module__", None) or ""
    return home == module.__name__ or home.startswith(module.__name__ + ".")


def name_of(value: object) -> str:
    """Return the dotted name of a class or function, and the way a generic or another object prints itself."""
    name: str | None = getattr(value, "__qualname__", None)
    if name is None or hasattr(value, "__origin__"):
        return repr(value)
    return name if value.__module__ == "builtins" else f"{value.__module__}.{name}"


def file_of(module: ModuleType) -> str:
    """Return the file of a module, or the folder of a package without one."""
    return getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), module.__name__)


def where(value: Any) -> str:
    """Return `file:line` of a class or function, the file of a module; the name of what Python cannot find."""
    if isinstance(value, ModuleType):
        return file_of(value)
    try:
        value = inspect.unwrap(value)
        file = inspect.getsourcefile(value) or inspect.getfile(value)
        return f"{file}:{max(inspect.getsourcelines(value)[1], 1)}"
    except (TypeError, OSError, ValueError):
        return name_of(value)


def _nearest(name: str, names: Any) -> str | None:
    return near(name, [str(other) for other in names if not str(other).startswith("_")])


def own_traceback(error: BaseException) -> TracebackType | None:
    """Return an error's traceback from the first frame that is neither our loading nor Python's import machinery."""
    trace = error.__traceback__
    while trace is not None:
        name: str = trace.tb_frame.f_globals.get("__name__", "")
        if name != __name__ and not name.startswith((LOADING, "importlib", "_frozen_importlib")):
            return trace
        trace = trace.tb_next
    # A syntax error has no frame of its own, and tells its file itself; any other is then ours.
    return None if isinstance(error, SyntaxError) else error.__traceback__
