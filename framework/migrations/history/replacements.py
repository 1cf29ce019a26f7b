"""Which files of a history count where some stand for others: a squashed migration, or those it was made of."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from framework.migrations.errors import HistoryError
from framework.migrations.history.migration import Migration

__all__ = ["fitting", "stands_for"]

type Key = tuple[str, str]
"""App and name of a migration: its row in the database."""


def key_of(revision: str, nodes: Mapping[str, Migration], app: str) -> Key:
    """Return the row of a revision; one whose file is gone was of the same `app`, whatever that was called then."""
    if (node := nodes.get(revision)) is not None:
        return node.app, node.name
    return app, revision.partition(".")[2] or revision


def stands_for(migration: Migration, nodes: Mapping[str, Migration]) -> list[Key]:
    """Return the rows of all that a migration replaces, of what those replace in turn too."""
    found: dict[Key, None] = {}
    waiting = [*reversed(migration.replaces)]
    seen: set[str] = {migration.revision}
    while waiting:
        revision = waiting.pop()
        if revision in seen:
            continue
        seen.add(revision)
        inner = nodes.get(revision)
        if inner is not None and inner.replaces:
            waiting.extend(reversed(inner.replaces))
        else:
            found[key_of(revision, nodes, migration.app)] = None
    return list(found)


def fitting(nodes: Mapping[str, Migration], applied: Collection[Key]) -> dict[str, Migration]:
    """Return the migrations that count for a database with the rows `applied`, pointing at each other.

    A squashed migration counts where all that it replaces is applied, or nothing; otherwise those it was made of do.
    """
    found = dict(nodes)
    for squash in innermost_first(nodes):
        rows = stands_for(squash, nodes)
        missing = [row for row in rows if row not in applied]
        if not missing or len(missing) == len(rows):
            found = put_in_place(found, squash)
        else:
            found = leave_out(found, squash, missing)
    return found


def innermost_first(nodes: Mapping[str, Migration]) -> list[Migration]:
    """Return the squashed migrations, each after those it replaces. Raises when they stand for each other."""
    waiting = {node.revision: node for node in nodes.values() if node.replaces}
    order: list[Migration] = []
    while waiting:
        ready = [node for node in waiting.values() if not any(item in waiting for item in node.replaces)]
        if not ready:
            raise HistoryError(
                f"Migrations replace each other: {' and '.join(sorted(waiting))}.",
                hint="Correct `replaces` in one of them.",
            )
        for node in ready:
            order.append(waiting.pop(node.revision))
    return order


def put_in_place(nodes: dict[str, Migration], squash: Migration) -> dict[str, Migration]:
    """Take out what a squashed migration replaces; what came after any of it comes after the whole."""
    gone = set(squash.replaces)
    # What the replaced need of others, the whole needs.
    needs = {
        item
        for revision in gone & nodes.keys()
        for item in nodes[revision].before
        if item not in gone and item != squash.revision and item not in squash.before
    }
    own = replace(nodes[squash.revision], depends_on=(*nodes[squash.revision].depends_on, *sorted(needs)))
    return {
        revision: own if revision == squash.revision else repointed(node, gone, (squash.revision,))
        for revision, node in nodes.items()
        if revision not in gone
    }


def leave_out(nodes: dict[str, Migration], squash: Migration, missing: list[Key]) -> dict[str, Migration]:
    """Take out a squashed migration that cannot be used; what came after it comes after what it was made of."""
    present = [nodes[revision] for revision in squash.replaces if revision in nodes]
    if len(present) < len(squash.replaces):
        lost = ", ".join(revision for revision in squash.replaces if revision not in nodes)
        raise HistoryError(
            f"Migration {squash} replaces several migrations of which the database has only some: "
            f"{', '.join('.'.join(row) for row in missing)} missing. The file(s) of {lost} are gone.",
            hint="Restore those files, migrate, and delete them when every database has them.",
        )
    inner = {item for node in present for item in node.parents}
    ends = tuple(node.revision for node in present if node.revision not in inner)
    return {
        revision: repointed(node, {squash.revision}, ends)
        for revision, node in nodes.items()
        if revision != squash.revision
    }


def repointed(node: Migration, gone: Collection[str], instead: Iterable[str]) -> Migration:
    """Return a migration that comes after `instead` where it came after one that is gone."""
    if not any(item in gone for item in node.before):
        return node
    return replace(
        node, parents=swapped(node.parents, gone, instead), depends_on=swapped(node.depends_on, gone, instead)
    )


def swapped(revisions: tuple[str, ...], gone: Collection[str], instead: Iterable[str]) -> tuple[str, ...]:
    found = (new for item in revisions for new in (instead if item in gone else (item,)))
    return tuple(dict.fromkeys(found))
