"""Rewrites one revision file: with fewer operations, or with what has changed since it was written."""

from collections.abc import Sequence
from dataclasses import dataclass

from framework.errors import CommandError
from framework.migrations.autodetector.arrangement import NewMigration
from framework.migrations.autodetector.names import migration_name
from framework.migrations.history.graph import Graph, Migration
from framework.migrations.history.swappable import as_firsts
from framework.migrations.operations.descriptions import describe
from framework.migrations.source.code import literal, sequence
from framework.migrations.squashing.optimizer import applied_to, optimize
from framework.migrations.squashing.splicer import spliced
from framework.migrations.state.replay import replay, replay_one
from framework.migrations.writer.files import quoted

__all__ = ["Rewritten", "shorten", "update"]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A revision file's new text."""

    name: str
    text: str
    lines: list[str]
    """What it does."""
    operations: int
    """How many operations there were."""
    optimized: int
    """How many are left."""


def shorten(graph: Graph, migration: Migration) -> Rewritten:
    """Return a migration with as few operations as lead to the same tables."""
    return rewrite(graph, migration, migration.name, [])


def update(graph: Graph, applied: set[str], added: Sequence[NewMigration], name: str | None) -> Rewritten:
    """Return the last migration of an app with new changes in it. Raises where others have it already."""
    app = added[0].app
    if not graph.leaves(app):
        raise CommandError(f"App {app} has no migration, cannot update last migration.", code="migrations.update")
    leaf = graph.leaves(app)[0]
    require_own(graph, leaf, applied)
    fragments = [change.fragment for migration in added for change in migration.changes]
    words = name or (migration_name([leaf.name[5:], *fragments]) if leaf.parents else "initial")
    new_name = f"{leaf.name[:4]}_{words}"
    return rewrite(graph, leaf, f"{leaf.name}_updated" if new_name == leaf.name else new_name, added)


def require_own(graph: Graph, leaf: Migration, applied: set[str]) -> None:
    """Raise Django's errors for a migration that must stay as it is."""
    if leaf.replaces:
        raise CommandError(f"Cannot update squash migration '{leaf}'.", code="migrations.update")
    if leaf.revision in applied:
        raise CommandError(
            f"Cannot update applied migration '{leaf}'.",
            hint=f"Unapply it first: python manage.py migrate {leaf.app} "
            f"{graph.nodes[leaf.parents[0]].name if leaf.parents else 'zero'}",
            code="migrations.update",
        )
    if depending := [str(node) for node in graph.files.values() if leaf.revision in node.before]:
        listed = ", ".join(map(repr, depending))
        raise CommandError(
            f"Cannot update migration '{leaf}' that migrations {listed} depend on.", code="migrations.update"
        )


def rewrite(graph: Graph, migration: Migration, name: str, added: Sequence[NewMigration]) -> Rewritten:
    """Return a file with its own operations and those `added`."""
    own = migration.revision
    # What is added was found with all there is; the file itself stands on what it follows, not on what it replaces.
    others = [item for item in graph.order if own not in graph.ancestors([item])] if added else graph.ancestors([own])
    before = replay(graph, [item for item in others if item != own])
    after = before.copy()
    forward = list(replay_one(migration, after))
    backward = list(replay_one(migration, after.copy(), "downgrade"))
    changes = [change for item in added for change in item.changes]
    forward += [operation for change in changes for operation in change.forward]
    backward[:0] = [operation for change in reversed(changes) for operation in change.backward]
    fewer = optimize(forward, before, migration.app)
    text = migration.path.read_text(encoding="utf-8")
    lines = [describe(item, before.tables, migration.app) for item in fewer]
    if not added and ("get_bind(" in text or len(fewer) == len(forward)):
        return Rewritten(name, text, lines, len(forward), len(forward))
    functions = {"upgrade": fewer}
    if "def downgrade(" in text:
        end = applied_to(forward, before, migration.app) or after
        functions["downgrade"] = optimize(backward, end, migration.app)
    header: dict[str, str] = {}
    if added:
        needs = {item for new in added for item in new.depends_on} | as_firsts(migration.depends_on, graph.roots)
        header["revision"] = literal(f"{migration.app}.{name}").text
        header["down_revision"] = (
            literal(migration.parents[0] if migration.parents else None).text
            if len(migration.parents) < 2
            else sequence(map(literal, migration.parents), "()").text
        )
        if needs:
            header["depends_on"] = sequence(map(literal, sorted(needs)), "()").text
    docstring = quoted([line.partition(" ")[2] for line in lines])
    return Rewritten(
        name, spliced(text, functions, header, docstring if added else None), lines, len(forward), len(fewer)
    )
