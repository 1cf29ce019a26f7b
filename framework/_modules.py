"""Import by name, telling a missing module from a broken one."""

import inspect
from importlib import import_module
from types import ModuleType
from typing import Any, cast, get_origin

from framework.errors import ImproperlyConfigured


def import_submodule(package: str, name: str) -> ModuleType | None:
    """Return `package.name`, or `None` when the package has no such module.

    An import error *inside* the module is its author's and is left to surface.
    """
    dotted = f"{package}.{name}"
    try:
        return import_module(dotted)
    except ModuleNotFoundError as error:
        if error.name == dotted:
            return None
        raise


def import_object(path: str) -> object:
    """Return the object at `package.module:name`.

    Raises `ImproperlyConfigured` when the path has another form or the module has no such name.
    """
    module_name, _, attribute = path.partition(":")
    if not module_name or not attribute:
        raise ImproperlyConfigured(f"{path!r} is not an import path.", hint="Write it as 'package.module:name'.")
    module = import_module(module_name)
    try:
        found: object = getattr(module, attribute)
    except AttributeError:
        raise ImproperlyConfigured(f"Module {module_name!r} has no attribute {attribute!r}.") from None
    return found


def expect[T](module: ModuleType, name: str, type_: type[T]) -> T:
    """Return `module.name`, or say which file had to define it and what was found instead."""
    value: object = getattr(module, name, None)
    if not isinstance(value, get_origin(type_) or type_):
        raise ImproperlyConfigured(
            f"{module.__name__} must define `{name}`, a {type_.__name__}; found {type(value).__name__}.",
            hint=f"Write `{name} = {type_.__name__}(...)` in {module.__file__}.",
        )
    return cast("T", value)


def defined_in(value: object, module: ModuleType) -> bool:
    """Tell whether a class or function was written in `module` or a submodule of it, not merely imported there."""
    home = getattr(value, "__module__", "")
    return home == module.__name__ or home.startswith(module.__name__ + ".")


def name_of(value: object) -> str:
    """Return the dotted name of a class or function, and the way a generic or another object prints itself."""
    name: str | None = getattr(value, "__qualname__", None)
    if name is None or hasattr(value, "__origin__"):
        return repr(value)
    return name if value.__module__ == "builtins" else f"{value.__module__}.{name}"


def where(value: Any) -> str:
    """Return `file:line` of a class, function or module; `unknown` for what Python cannot find."""
    try:
        value = inspect.unwrap(value)
        file = inspect.getsourcefile(value) or inspect.getfile(value)
        return f"{file}:{max(inspect.getsourcelines(value)[1], 1)}"
    except (TypeError, OSError, ValueError):
        return "unknown"
