"""Where the apps of a project keep their migrations, and which of them are the project's own."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from framework.apps import AppConfig, Apps
from framework.conf import Settings, sections_of
from framework.errors import CommandError
from framework.migrations.history.graph import Graph
from framework.migrations.history.loader import load_graph
from framework.migrations.settings import MigrationsSettings
from framework.near import near

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Outline", "Site", "files_of", "folders_of", "graph_of", "is_own", "require_apps"]

FOLDER = "migrations"
LIBRARIES = {"site-packages", "dist-packages"}


class Site(Protocol):
    """A project, or its outline: what finding migrations takes."""

    @property
    def settings(self) -> Settings:
        """Its settings."""
        ...

    @property
    def apps(self) -> Apps:
        """Its apps."""
        ...


@dataclass(frozen=True, slots=True)
class Outline:
    """A project that is not loaded: no model, no service, only what its apps are called and where they are."""

    settings: Settings
    apps: Apps

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the outline of the project with these settings, its apps' sections read as a project reads them."""
        apps = Apps(settings.installed_apps, settings)
        settings.load_sections(section for _, module in apps.modules("settings") for section in sections_of(module))
        return cls(settings, apps)


def folders_of(project: Site) -> dict[str, Path]:
    """Return the folder of every app's migrations, whether it is there or not."""
    elsewhere = project.settings.section(MigrationsSettings).folders
    root = project.settings.root
    return {
        app.app_label: root / elsewhere[app.app_label] if app.app_label in elsewhere else app.path / FOLDER
        for app in project.apps
        # This app's own folder of that name is no history; its one table is made by itself.
        if app.name != "framework.migrations"
    }


def graph_of(project: Site) -> Graph:
    """Return the history of the project's apps."""
    return load_graph(folders_of(project))


def files_of(project: Site) -> Graph:
    """Return the history with every file for itself: no squashed migration in the place of others."""
    return graph_of(project).apart()


def is_own(project: Site, app: AppConfig) -> bool:
    """Tell whether an app's code is the project's, to be written to, and not an installed package's."""
    folder = app.path.resolve()
    return folder.is_relative_to(project.settings.root.resolve()) and not LIBRARIES & set(folder.parts)


def require_apps(project: Site, labels: "Iterable[str]", exit_code: int = 1) -> None:
    """Raise Django's error unless every label is an installed app's."""
    for label in labels:
        if label not in project.apps:
            raise CommandError(
                f"No installed app with label {label!r}.",
                hint=near(label, (app.app_label for app in project.apps)) or "'python manage.py apps' lists them.",
                code="migrations.no-app",
                exit_code=exit_code,
            )
