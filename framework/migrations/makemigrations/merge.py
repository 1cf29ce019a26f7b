"""Brings several ends of an app's history together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from framework.errors import CommandError
from framework.migrations.autodetector.arrangement import NewMigration
from framework.migrations.errors import StateError
from framework.migrations.history.graph import Graph, Migration
from framework.migrations.operations.descriptions import describe_all
from framework.migrations.state.replay import replay, replay_one

__all__ = ["Branch", "branches", "merge"]

LONGEST = 47
"""Names of the ends longer than this, together, are left out of the name of the merge."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One end of a history, and what leads to it alone."""

    end: Migration
    lines: list[str]
    """What its operations do."""


def branches(graph: Graph, ends: Sequence[Migration]) -> list[Branch]:
    """Return what the ends of one app don't share."""
    ways = {end.revision: graph.ancestors([end.revision]) for end in ends}
    shared = {item for item in graph.order if all(item in way for way in ways.values())}
    found: list[Branch] = []
    for end in ends:
        state = replay(graph, shared)
        lines: list[str] = []
        for revision in ways[end.revision]:
            if revision in shared:
                continue
            node = graph.nodes[revision]
            tables = dict(state.tables)
            operations = replay_one(node, state)
            if node.app == end.app:
                lines += describe_all(operations, tables, node.app)
        found.append(Branch(end, lines))
    return found


def merge(graph: Graph, ends: Sequence[Migration], name: str | None) -> NewMigration:
    """Return the migration that follows all `ends`. Raises when both branches, one after the other, cannot be run."""
    app, number = ends[0].app, 1 + max(node.number for node in ends)
    names = "_".join(sorted(node.name for node in ends))
    words = name or f"merge_{names if len(names) <= LONGEST else f'{datetime.now(UTC):%Y%m%d_%H%M}'}"
    try:
        replay(graph, graph.ancestors(node.revision for node in ends))
    except StateError as error:
        raise CommandError(
            f"The branches of {app!r} contradict each other: {error.message}",
            hint="Correct one of them by hand, as long as it is not applied anywhere, so that it follows the other.",
            code="migrations.merge",
        ) from error
    return NewMigration(app, f"{number:04}_{words}", tuple(sorted(node.revision for node in ends)))
