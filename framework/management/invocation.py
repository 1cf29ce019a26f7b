"""One run of the command line: which project it is about, and how it speaks."""

import os
import sys
import traceback
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from framework._modules import import_object
from framework.conf import Settings
from framework.errors import CommandError, FrameworkError, ImproperlyConfigured
from framework.project import Project


class Invocation:
    """One run of the command line. A command may ask for it: `Inject[Invocation]`.

    Nothing is imported or loaded before it is asked for, so that a broken project still has a command line.
    """

    def __init__(self, program: str, target: str | None, *, show_traceback: bool = False, color: bool | None = None):
        self.program = program
        """What the person typed before the command: `manage.py`."""
        self.target = target
        """Import path of the settings class, `config.settings:ProjectSettings`; `None` outside a project."""
        self.show_traceback = show_traceback
        """Whether errors of the framework are shown with their traceback."""
        self.color = color
        """False for no colours at all; `None` when the terminal decides."""
        self.verbosity = 1
        """How much is said: 0 only errors, 1 as usual, 2 more, 3 all."""

    def require_project(self) -> str:
        """Return the import path of the settings class, or raise `CommandError` outside a project."""
        if self.target is None:
            raise CommandError(
                "No project here: no settings class was named.",
                hint="Run the project's manage.py, or name one: --settings config.settings:ProjectSettings",
                code="command.no-project",
            )
        return self.target

    @cached_property
    def settings_class(self) -> type[Settings]:
        """The project's settings class. Raises `CommandError` outside a project."""
        target = self.require_project()
        try:
            found = cast("Any", import_object(target))
        except FrameworkError:
            raise
        except Exception as error:
            raise ImproperlyConfigured(
                f"The settings {target!r} cannot be loaded: {blame(error)}.",
                hint="Run again with --traceback to see the whole way there.",
                code="settings.load",
            ) from error
        if not (isinstance(found, type) and issubclass(found, Settings)):
            raise ImproperlyConfigured(
                f"{target!r} is not a settings class, but {type(cast('object', found)).__name__}.",
                hint="Name a subclass of framework.Settings as 'module:Class'.",
                code="settings.load",
            )
        return found

    @cached_property
    def settings(self) -> Settings:
        """The project's settings, read from the environment now."""
        return self.settings_class()

    def develop(self) -> None:
        """Turn debug on for this process and what it starts, unless the project or its environment says otherwise."""
        inherited = set(Settings.__mro__)
        written = any(
            "debug" in vars(cls).get("__annotations__", {})
            for cls in self.settings_class.__mro__
            if cls not in inherited
        )
        if not written and "debug" not in self.settings.model_fields_set:
            os.environ["DEBUG"] = "1"
            self.__dict__.pop("settings")

    @cached_property
    def project(self) -> Project:
        """The loaded project; its lifespan is not open."""
        return Project(self.settings)

    @cached_property
    def root(self) -> Path:
        """The project's folder, known even while its settings cannot be loaded."""
        package = (self.target or "").partition(":")[0].partition(".")[0]
        spec = find_spec(package) if package else None
        if spec is None or spec.origin is None:
            return Path.cwd()
        folder = Path(spec.origin).resolve().parent
        return folder.parent if spec.submodule_search_locations is not None else folder


def blame(error: BaseException) -> str:
    """Return an error as one line that names the last place of its traceback: `KeyError: 'X' (settings.py, line 7)`."""
    said = " ".join(traceback.format_exception_only(error)[-1].split())
    if isinstance(error, SyntaxError):
        return f"{said} ({error.filename}, line {error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if _is_the_projects(frame.filename)]
    return f"{said} ({inside[-1].filename}, line {inside[-1].lineno})" if inside else said


def _is_the_projects(filename: str) -> bool:
    own = (str(Path(__file__).parents[1]), sys.base_prefix, sys.prefix, "<")
    # A virtual environment may stand in the project's own folder, so it is told by its libraries.
    return "site-packages" not in filename and not filename.startswith(cast("tuple[str, ...]", own))
