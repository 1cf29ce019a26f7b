"""`depends_on = "users.__first__"`: the first migration of an app that a project may replace by one of its own."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from framework.migrations.history.migration import Migration

__all__ = ["SWAPPABLE", "as_firsts", "first_of", "with_firsts"]

FIRST = "__first__"
SWAPPABLE = frozenset({"users"})
"""Labels that a project may give to an app of its own: nobody else knows what the migrations of that one are called."""


def first_of(app: str) -> str:
    """Return what files call the first migration of an app, whatever its name is."""
    return f"{app}.{FIRST}"


def as_firsts(revisions: Iterable[str], roots: Collection[str]) -> set[str]:
    """Return dependencies as files write them: those on the root of an app that may be replaced name no migration."""
    return {
        first_of(app) if (app := item.partition(".")[0]) in SWAPPABLE and item in roots else item for item in revisions
    }


def with_firsts(migrations: Iterable[Migration], apps: Iterable[str]) -> list[Migration]:
    """Return the migrations, with each `label.__first__` replaced by what the app's history begins with.

    An installed app that has no migrations yet is left out, as in Django: `makemigrations` is to write them. One that
    is not installed stays as it was written, for whoever looks revisions up to complain of.
    """
    found = list(migrations)
    if not any(item.endswith(f".{FIRST}") for node in found for item in node.depends_on):
        return found
    installed = {*apps, *(node.app for node in found)}
    return [
        replace(node, depends_on=tuple(new for item in node.depends_on for new in resolved(item, found, installed)))
        for node in found
    ]


def resolved(item: str, migrations: Iterable[Migration], installed: set[str]) -> list[str]:
    """Return the revisions that one dependency means."""
    app, _, name = item.rpartition(".")
    if name != FIRST or app not in installed:
        return [item]
    roots = [node for node in migrations if node.app == app and not node.parents]
    # Beside what they stand for, squashed migrations take its place later, where they count.
    return [node.revision for node in roots if not node.replaces] or [node.revision for node in roots]
