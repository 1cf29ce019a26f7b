"""Writes one migration that stands for several."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from alembic.operations import ops

from framework.errors import CommandError
from framework.migrations.autodetector.arrangement import NewMigration
from framework.migrations.autodetector.changes import Change
from framework.migrations.history.graph import Graph, Migration
from framework.migrations.history.swappable import as_firsts
from framework.migrations.operations.descriptions import describe
from framework.migrations.squashing.optimizer import optimize
from framework.migrations.state.replay import replay, replay_one
from framework.migrations.state.state import State

__all__ = ["Squash", "members_of", "squash"]


@dataclass(slots=True)
class Squash:
    """A migration that stands for others, and what it was made of."""

    migration: NewMigration
    operations: int
    """How many operations there were."""
    optimized: int
    """How many are left."""
    by_hand: list[str] = field(default_factory=list[str])
    """Functions that a person has to copy."""


def members_of(graph: Graph, last: Migration, first: Migration | None) -> list[Migration]:
    """Return the migrations of an app up to `last`, from `first` where one is named. Raises when it comes later."""
    members = [graph.nodes[item] for item in graph.ancestors([last.revision]) if graph.nodes[item].app == last.app]
    if first is None:
        return members
    if first not in members:
        raise CommandError(
            f"The migration '{first}' cannot be found. Maybe it comes after the migration '{last}'?\n"
            f"Have a look at:\n  python manage.py showmigrations {last.app}\nto debug this issue.",
            code="migrations.squash",
        )
    return members[members.index(first) :]


def squash(graph: Graph, members: Sequence[Migration], name: str, *, optimized: bool = True) -> Squash:
    """Return the migration that stands for `members`, which follow each other."""
    require_joinable(graph, members)
    app, inside = members[0].app, {node.revision for node in members}
    before = replay(graph, set(graph.ancestors(inside)) - inside)
    state = before.copy()
    forward: list[ops.MigrateOperation] = []
    backward: list[ops.MigrateOperation] = []
    for node in members:
        forward += replay_one(node, state)
        backward[:0] = replay_one(node, state.copy(), "downgrade")
    count = len(forward)
    if optimized:
        forward, backward = optimize(forward, before, app), optimize(backward, state, app)
    by_hand = [line for node in members for line in functions_in(node)]
    changes = changes_of(forward, before, app)
    changes += [Change(app, "~", f"Copy {line} into this file by hand", "", [], []) for line in by_hand]
    if changes:
        changes[0].backward = backward
    made = NewMigration(
        app,
        name,
        members[0].parents,
        as_firsts((item for node in members for item in node.depends_on if item not in inside), graph.roots),
        changes,
        replaces=tuple(node.revision for node in members),
    )
    return Squash(made, count, len(forward), by_hand)


def changes_of(operations: Sequence[ops.MigrateOperation], before: State, app: str) -> list[Change]:
    """Return a line for each operation."""
    texts = [describe(item, before.tables, app).partition(" ") for item in operations]
    return [Change(app, "~", text, "", [item], []) for item, (_, _, text) in zip(operations, texts, strict=True)]


def functions_in(node: Migration) -> list[str]:
    """Return what a file does that is no operation."""
    text = node.path.read_text(encoding="utf-8")
    found = [name for name in ("data", "undo_data") if f"def {name}(" in text]
    return [f"{name}() of {node}" for name in found] + ([f"op.get_bind() of {node}"] if "get_bind(" in text else [])


def require_joinable(graph: Graph, members: Sequence[Migration]) -> None:
    """Raise when others stand between the members, or one cannot be copied."""
    inside = {node.revision for node in members}
    if squashed := next((node for node in members if node.replaces), None):
        raise CommandError(
            "You cannot squash squashed migrations! Please transition it to a normal migration first.",
            hint=f"When every database has {squashed}, delete the files it replaces and take `replaces` out of it.",
            code="migrations.squash",
        )
    for revision in graph.ancestors(inside):
        if revision not in inside and inside & set(graph.ancestors([revision])):
            raise CommandError(
                f"{graph.nodes[revision]} stands between the migrations to squash: it needs one of them, and one "
                f"of them needs it.",
                hint="Squash those before it and those after it.",
                code="migrations.squash",
            )
    for node in members:
        text = node.path.read_text(encoding="utf-8")
        if "state_only(" in text or "database_only(" in text:
            raise CommandError(
                f"{node} changes only one side in op.state_only() or op.database_only(), which cannot be squashed.",
                hint="Squash those before it and those after it.",
                code="migrations.squash",
            )
