"""Finds the settings class of a project by its path, and says in one sentence why it can't."""

import os
import re
import sys
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from pydantic import PydanticUserError, ValidationError

from framework.conf import settings as settings_module
from framework.conf.errors import no_such_setting
from framework.conf.section import Section
from framework.conf.settings import Settings
from framework.errors import FrameworkError, ImproperlyConfigured
from framework.near import near

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["FRAMEWORK_SETTINGS", "find_settings", "load_settings"]

FRAMEWORK_SETTINGS = "FRAMEWORK_SETTINGS"
"""The variable that chooses the settings class."""


def find_settings(path: str | None = None, *, default: str | None = None) -> type[Settings]:
    """Return the settings class at `path` (`"config.settings:ProjectSettings"`).

    Without `path` the variable `FRAMEWORK_SETTINGS` chooses, then `default`. Raises `ImproperlyConfigured`
    (`conf.settings`) with one sentence when there is no such class or its module fails.
    """
    chosen = path or os.environ.get(FRAMEWORK_SETTINGS) or default
    if not chosen:
        raise failed("No settings are chosen.", f"Pass --settings module:Class, or set {FRAMEWORK_SETTINGS}.")
    via = f" ({FRAMEWORK_SETTINGS})" if not path and os.environ.get(FRAMEWORK_SETTINGS) else ""
    name, separator, attribute = chosen.partition(":")
    if not (name and separator and attribute.isidentifier()):
        raise failed(
            f"{chosen!r}{via} is no settings class.", "Write it as 'module:Class': 'config.settings:ProjectSettings'."
        )
    module = imported(name, via)
    found: object = getattr(module, attribute, None)
    if not (isinstance(found, type) and issubclass(found, Settings)):
        classes = [key for key, value in vars(module).items() if is_settings(value)]
        problem = (
            "does not exist"
            if found is None
            else f"is no subclass of framework.Settings but {kind_of(cast('object', found))}"
        )
        hint = near(attribute, classes, "{}") or (f"It has {', '.join(classes)}." if classes else None)
        raise failed(f"{attribute!r} of {module.__file__}{via} {problem}.", hint)
    return found


def load_settings(path: str | None = None, *, default: str | None = None, debug: bool = False) -> Settings:
    """Return the settings of the class that `find_settings` finds.

    With `debug` the process and its children run with `DEBUG=1` unless something else decides it: a variable, a file or
    the project's class.
    """
    found = find_settings(path, default=default)
    settings = found()
    if debug and settings.source("debug").file == Path(settings_module.__file__):
        os.environ[f"{found.model_config.get('env_prefix') or ''}DEBUG"] = "1"
        settings = found()
    return settings


def kind_of(value: object) -> str:
    """Return what a value is, for people. The value itself could be a secret."""
    return f"the class {value.__name__}" if isinstance(value, type) else f"a value of type {type(value).__name__}"


def is_settings(value: object) -> bool:
    """Tell whether `value` is a project's settings class."""
    return isinstance(value, type) and issubclass(value, Settings) and value is not Settings


def imported(name: str, via: str) -> ModuleType:
    """Import the settings module. What it raises becomes one sentence with the line that raised it."""
    try:
        return import_module(name)
    except FrameworkError:
        raise
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            hint = (
                near(name, siblings(error.name), "{}")
                or f"Run it from the folder that holds {name.partition('.')[0]!r}."
            )
            raise failed(f"There is no settings module {name!r}{via}: no module named {error.name!r}.", hint) from None
        raise raised(error, name) from error
    except ValidationError as error:
        raise raised(error, name) from None
    except Exception as error:
        raise raised(error, name) from error


def siblings(name: str) -> list[str]:
    """Return the modules that are there in place of `name`, as far as its parent has been imported."""
    import pkgutil

    parent = name.rpartition(".")[0]
    folders = sys.modules[parent].__path__ if parent in sys.modules else sys.path[:1]
    return [f"{parent}.{found.name}".lstrip(".") for found in pkgutil.iter_modules(folders)]


def raised(error: Exception, name: str) -> ImproperlyConfigured:
    """Return the error for a settings module that fails: its innermost own line, and what it raised."""
    if isinstance(error, SyntaxError) and error.filename:
        return failed(f"{error.filename}:{error.lineno}: {error.msg}.", None)
    place = line_of(error, name)
    if isinstance(error, ValidationError):
        details = "; ".join(
            f"{'.'.join(map(str, detail['loc'])) or error.title}: {said(detail, error.title)}"
            for detail in error.errors(include_url=False)
        )
        end = "" if details.endswith("?") else "."
        return failed(f"{place}: {error.title} cannot be made: {details}{end}", None)
    if isinstance(error, PydanticUserError) and (field := untyped(error)):
        known = Settings.model_fields.get(field.lower())
        kind, text = (known.annotation, field.lower()) if known else (None, field)
        shown = kind.__name__ if isinstance(kind, type) else str(kind or "int")
        return failed(f"{place}: the setting {field!r} has no type.", f"Write one, as in `{text}: {shown} = ...`.")
    key = error.args[0] if isinstance(error, KeyError) and error.args else None
    declare = f"Set {key}, or declare a field for it: fields are read from the environment and from .env."
    text = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    return failed(f"{place} raised {text}.", declare if isinstance(key, str) else None)


def untyped(error: PydanticUserError) -> str | None:
    """Return the name of the field that a class gives a value and no type, or `None` if that is not what is wrong."""
    if error.code not in ("model-field-missing-annotation", "model-field-overridden"):
        return None
    found = re.search(r"(?:detected: `|Field ')(\w+)", error.message)
    return str(found[1]) if found else None


def said(detail: "ErrorDetails", title: str) -> str:
    """Return what pydantic says of a value, with the near match of a keyword that names nothing."""
    kind = next((kind for kind in descendants(Section) if kind.__name__ == title), None)
    if detail["type"] == "extra_forbidden" and kind is not None:
        return no_such_setting(kind, tuple(map(str, detail["loc"])))
    return detail["msg"].removeprefix("Value error, ")


def descendants(kind: type[Section]) -> Iterator[type[Section]]:
    """Yield the sections that are written on another, directly or not."""
    for below in kind.__subclasses__():
        yield below
        yield from descendants(below)


def line_of(error: BaseException, name: str) -> str:
    """Return `file:line` of the innermost frame in the project, the settings module's where there is no other."""
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    module = getattr(sys.modules.get(name), "__file__", None)
    own = [(file, line) for file, line in frames if not is_library(file)]
    file, line = (own or frames)[-1]
    return f"{file}:{line}" if file else str(module)


def is_library(file: str) -> bool:
    """Tell whether a file belongs to Python, to an installed package or to this one."""
    return "site-packages" in file or file.startswith(("<", sys.base_prefix, os.path.dirname(__file__)))


def failed(message: str, hint: str | None) -> ImproperlyConfigured:
    """Return the error for settings that cannot be loaded."""
    return ImproperlyConfigured(message, hint=hint, code="conf.settings")
