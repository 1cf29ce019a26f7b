"""The project that something is written into."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from framework.apps import Apps
from framework.management.invocation import Invocation
from framework.web import WebSettings

__all__ = ["Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a project keeps its apps and settings, and under which paths it serves them."""

    root: Path
    settings_file: Path
    packages: Mapping[str, str]
    """The package of every installed app, by its label."""
    web: WebSettings

    @classmethod
    def of(cls, invocation: Invocation, apps: Apps) -> Self:
        """Return the place of the project that the command is run for."""
        return cls(
            root=invocation.root,
            settings_file=Path(inspect.getfile(invocation.settings_class)),
            packages={app.app_label: app.name for app in apps},
            web=invocation.settings.section(WebSettings),
        )

    @property
    def prefix(self) -> str:
        """The path that the routes of a new app stand under."""
        return self.web.prefix

    def prefix_of(self, label: str) -> str:
        """Return the path that the routes of an installed app stand under; empty when they are left out."""
        mounts: Mapping[str, str | None] = self.web.mounts
        return mounts.get(label, self.web.prefix) or ""
