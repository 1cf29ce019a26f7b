"""What an app says of itself."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar

from framework._modules import import_submodule, load

if TYPE_CHECKING:
    from framework.project import Project

type Probe = Callable[[], Awaitable[str | None]]
"""Asks one thing an app depends on: raises when nothing goes without it, returns why it goes worse, or `None`."""


class AppConfig:
    """What an app is and what it brings. Subclass it in `apps.py` and override only what you need."""

    name: ClassVar[str]
    """Import path of the app's package."""
    label: ClassVar[str] = ""
    """Short unique name, a Python identifier; the last part of `name` when left empty."""
    requires: ClassVar[tuple[str, ...]] = ()
    """Labels of the apps that must be installed before this one."""

    def __init__(self) -> None:
        self.app_label = self.label or self.name.rpartition(".")[2]

    @property
    def path(self) -> Path:
        """The folder of the app's package."""
        return Path(next(iter(load(self.name).__path__)))

    def module(self, name: str) -> ModuleType | None:
        """Return the app's module called `name`, or `None` when it has none."""
        return import_submodule(self.name, name)

    def ready(self, project: "Project") -> None:
        """Provide services and values. Called once per project, in order, after every model is imported."""

    def health(self, project: "Project") -> Mapping[str, Probe]:
        """Return what must answer before the project is ready to serve, by name."""
        return {}

    async def preflight(self, project: "Project") -> Sequence[str]:
        """Prepare the app for `runserver` and return the lines to print. Called before the server starts."""
        return ()

    async def migrated(self, project: "Project") -> Sequence[str]:
        """Bring rows up to what the code says, and return the lines to print.

        Called after every `migrate`, when there was nothing to apply too, and when migrations were taken back or only
        noted: the app's tables may be missing. No lifespan is open.
        """
        return ()

    @asynccontextmanager
    async def lifespan(self, project: "Project") -> AsyncGenerator[None]:
        """Open what the app needs while the project runs; close it afterwards.

        Its end always runs, and runs the same whether the project ends well or another app fails.
        """
        yield

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.app_label!r}>"
