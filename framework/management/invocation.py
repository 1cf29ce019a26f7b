"""One run of the command line: which project it is about, and how it speaks."""

import os
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from framework.conf import Settings, Source, find_settings, load_settings
from framework.errors import CommandError
from framework.project import Project

NAME_ONE = "Run the project's manage.py, or name one: --settings config.settings:ProjectSettings"
"""What to do outside a project."""


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
                hint=NAME_ONE,
                code="command.no-project",
            )
        return self.target

    @cached_property
    def settings_class(self) -> type[Settings]:
        """The project's settings class. Raises `CommandError` outside a project."""
        return find_settings(self.require_project())

    @cached_property
    def settings(self) -> Settings:
        """The project's settings, read from the environment now."""
        return self.settings_class()

    def develop(self) -> None:
        """Turn debug on for this process and what it starts, unless the project or its environment says otherwise."""
        self.settings = load_settings(self.require_project(), debug=True)

    def deploy(self) -> Source | None:
        """Turn debug off for this process and what it starts, and return what had turned it on, if anything had."""
        found = self.settings.source("debug") if self.settings.debug else None
        name = f"{self.settings_class.model_config.get('env_prefix') or ''}DEBUG"
        os.environ[found.name if found is not None and found.kind == "environment" else name] = "0"
        self.settings = self.settings_class()
        return found

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
