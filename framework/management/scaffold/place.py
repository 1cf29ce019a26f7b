"""The project that something is written into."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from framework.apps import Apps
from framework.errors import CommandError
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

    def package(self, name: str, directory: Path) -> str:
        """Return what an app called `name` in `directory` is imported as: `apps.blog` for `apps/blog`.

        A directory outside the project says nothing of that, so it is the name alone. Raise `CommandError` for a
        directory of the project that cannot be imported as an app of that name.
        """
        if not name.isidentifier() or not directory.is_relative_to(self.root):
            return name  # the first is refused for itself
        parts = directory.relative_to(self.root).parts
        if not parts or parts[-1] != name or not all(map(str.isidentifier, parts)):
            raise CommandError(
                f"{directory} cannot be imported as an app called {name!r}: its folder bears the app's name.",
                hint=f"Name a folder such as {Path(*parts, name)}; fields go behind --model.",
                code="scaffold.directory",
            )
        return ".".join(parts)

    def owns(self, directory: Path) -> bool:
        """Tell whether an app's code is the project's, to be written to, and not an installed package's."""
        folder = directory.resolve()
        return folder.is_relative_to(self.root) and not {"site-packages", "dist-packages"} & set(folder.parts)

    @property
    def prefix(self) -> str:
        """The path that the routes of a new app stand under."""
        return self.web.prefix

    def prefix_of(self, label: str) -> str:
        """Return the path that the routes of an installed app stand under; empty when they are left out."""
        mounts: Mapping[str, str | None] = self.web.mounts
        return mounts.get(label, self.web.prefix) or ""
