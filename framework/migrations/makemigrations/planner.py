"""Makes the migrations that a project lacks."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from framework.errors import CommandError
from framework.migrations.autodetector.arrangement import NewMigration, trim
from framework.migrations.autodetector.detector import detect
from framework.migrations.autodetector.models import tables_of_models
from framework.migrations.autodetector.questioner import Anything, Questioner
from framework.migrations.history.graph import Graph
from framework.migrations.history.project import Site, folders_of, graph_of, is_own
from framework.migrations.safety.steps import in_safe_steps
from framework.migrations.state.replay import replay
from framework.migrations.writer.files import write

__all__ = ["Plan", "apps_with_changes", "empty", "plan", "save"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Migrations to write, and what was left out."""

    migrations: list[NewMigration]
    foreign: list[str]
    """Labels of installed packages whose models have changes; their authors write those."""


def plan(project: Site, labels: Collection[str], questioner: Questioner, safe: bool = False) -> Plan:
    """Return what the apps named lack; without names, what the project's own apps lack. Needs no database.

    With `safe` they come in steps that are safe while the database is in use, where there are such.
    """
    graph = graph_of(project)
    graph.require_single_ends()
    take_apart = in_safe_steps if safe else None
    found = detect(graph, replay(graph), tables_of_models(project), questioner, take_apart=take_apart)
    if not found:
        return Plan([], [])
    own = {app.app_label for app in project.apps if is_own(project, app)}
    kept = trim(found, labels or own)
    foreign = {migration.app for migration in found} - own - set(labels)
    if needed := foreign & {migration.app for migration in kept}:
        label = min(needed)
        raise foreign_error(label, project.apps[label].path)
    return Plan(kept, sorted(foreign))


def foreign_error(label: str, path: Path) -> CommandError:
    return CommandError(
        f"App {label!r} is an installed package whose models have changes that its migrations lack, "
        "and your models build on them.",
        hint=f"Update the package. 'makemigrations {label}' would write into {path}; "
        f"the setting migrations.folders keeps the files in your project instead.",
        code="migrations.foreign",
    )


def apps_with_changes(project: Site) -> list[str]:
    """Return the labels of apps whose models are ahead of their migrations."""
    graph = graph_of(project)
    found = detect(graph, replay(graph), tables_of_models(project), Anything())
    return sorted({migration.app for migration in found})


def empty(graph: Graph, label: str, name: str | None) -> NewMigration:
    """Return a migration of an app that does nothing yet."""
    leaves = graph.leaves(label)
    number = 1 + max((node.number for node in graph.of(label)), default=0)
    words = name or ("custom" if leaves else "initial")
    return NewMigration(label, f"{number:04}_{words}", tuple(leaf.revision for leaf in leaves))


def save(project: Site, migration: NewMigration) -> Path:
    """Write a migration and return its file."""
    return write(migration, folders_of(project)[migration.app])
