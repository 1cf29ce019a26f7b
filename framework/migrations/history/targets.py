"""Which steps lead to the migration that a person names."""

from collections.abc import Iterable, Iterator

from framework.errors import CommandError
from framework.migrations.history.graph import Graph, Migration, Step
from framework.near import near

__all__ = ["choose", "find"]


def choose(graph: Graph, applied: set[str], app: str | None, name: str | None) -> tuple[list[Step], str]:
    """Return the steps to make, and Django's line about where they lead."""
    if app is None:
        apps = ", ".join(label for label in graph.apps if graph.of(label)) or "(none)"
        return graph.forwards(graph.order, applied), f"Apply all migrations: {apps}"
    if not graph.of(app):
        raise CommandError(f"App {app!r} does not have migrations.", code="migrations.none")
    if name is None:
        leaves = [leaf.revision for leaf in graph.leaves(app)]
        return graph.forwards(leaves, applied), f"Apply all migrations: {app}"
    if name == "zero":
        return graph.to_zero(app, applied), f"Unapply all migrations: {app}"
    target = find(graph, app, name)
    line = f"Target specific migration: {target.name}, from {app}"
    if target.revision not in applied:
        return graph.forwards([target.revision], applied), line
    # What other apps built on later migrations of this one goes with them; what they built on this one stays.
    later = [node.revision for node in graph.of(app) if target.revision in node.parents]
    doomed = {revision for item in later for revision in (item, *graph.descendants(item))} & applied
    return [Step(graph.nodes[item], forward=False) for item in reversed(graph.order) if item in doomed], line


def find(graph: Graph, app: str, prefix: str) -> Migration:
    """Return the migration of an app whose name starts with `prefix`, or raise Django's error."""
    # What a squashed migration replaces, or one that does not fit this database, is looked for last.
    files = [node for node in graph.files.values() if node.app == app]
    matches = [*named(graph.of(app), prefix)] or [*named(files, prefix)]
    exact = [node for node in matches if prefix in (node.name, node.revision)]
    if len(exact or matches) == 1:
        return standing_in(graph, (exact or matches)[0])
    if matches:
        raise CommandError(
            f"More than one migration matches '{prefix}' in app '{app}'. Please be more specific.",
            code="migrations.ambiguous",
        )
    raise CommandError(
        f"Cannot find a migration matching '{prefix}' from app '{app}'.",
        hint=near(prefix, (node.name for node in files)) or f"See what there is: manage.py showmigrations {app}",
        code="migrations.unknown",
    )


def named(nodes: Iterable[Migration], prefix: str) -> Iterator[Migration]:
    """Yield the migrations whose name starts with `prefix`, or whose revision it is."""
    return (node for node in nodes if node.name.startswith(prefix) or node.revision == prefix)


def standing_in(graph: Graph, node: Migration) -> Migration:
    """Return a migration, or for a squashed one that does not fit this database the last of those it was made of."""
    if node.revision in graph.nodes:
        return node
    if node.replaces:
        return standing_in(graph, graph.files[node.replaces[-1]])
    squash = next(item for item in graph.nodes.values() if node.revision in item.replaces)
    raise CommandError(
        f"Migration {node} is part of {squash} on this database, which is applied and unapplied as a whole.",
        hint=f"Name {squash.name}.",
        code="migrations.squashed",
    )
