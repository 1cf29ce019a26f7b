"""Where the apps of a project keep their migrations, and which of them are the project's own."""

from pathlib import Path
from typing import TYPE_CHECKING

from framework.apps import AppConfig
from framework.errors import CommandError
from framework.migrations.graph import Graph
from framework.migrations.loader import load_graph
from framework.migrations.settings import MigrationsSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.project import Project

__all__ = ["folders_of", "graph_of", "is_own", "require_apps"]

FOLDER = "migrations"
LIBRARIES = {"site-packages", "dist-packages"}


def folders_of(project: "Project") -> dict[str, Path]:
    """Return the folder of every app's migrations, whether it is there or not."""
    elsewhere = project.settings.section(MigrationsSettings).folders
    root = project.settings.root
    return {
        app.app_label: root / elsewhere[app.app_label] if app.app_label in elsewhere else app.path / FOLDER
        for app in project.apps
        # This app's own folder of that name is no history; its one table is made by itself.
        if app.name != __package__
    }


def graph_of(project: "Project") -> Graph:
    """Return the history of the project's apps."""
    return load_graph(folders_of(project))


def is_own(project: "Project", app: AppConfig) -> bool:
    """Tell whether an app's code is the project's, to be written to, and not an installed package's."""
    folder = app.path.resolve()
    return folder.is_relative_to(project.settings.root.resolve()) and not LIBRARIES & set(folder.parts)


def require_apps(project: "Project", labels: "Iterable[str]", exit_code: int = 1) -> None:
    """Raise Django's error unless every label is an installed app's."""
    for label in labels:
        if label not in project.apps:
            raise CommandError(f"No installed app with label {label!r}.", code="migrations.no-app", exit_code=exit_code)
