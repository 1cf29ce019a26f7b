"""From the state of the files and the tables of the models to new migrations."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from framework.migrations.autodetector.arrangement import NewMigration, arrange
from framework.migrations.autodetector.changes import Change
from framework.migrations.autodetector.comparator import (
    compare_table,
    constraint_added,
    constraint_removed,
    created,
    dropped,
)
from framework.migrations.autodetector.enums import changed_enums, in_turn
from framework.migrations.autodetector.questioner import Questioner
from framework.migrations.autodetector.renames import followed_names, renamed_columns, renamed_tables
from framework.migrations.history.graph import Graph
from framework.migrations.schema.table import ForeignKey, Table
from framework.migrations.state.state import State

__all__ = ["changes_between", "detect"]


def detect(
    graph: Graph,
    state: State,
    models: Mapping[str, Table],
    questioner: Questioner,
    apps: Iterable[str] | None = None,
    take_apart: Callable[[Iterable[Change], State], Iterable[Change]] | None = None,
) -> list[NewMigration]:
    """Return the migrations that bring the files up to the models; tables of apps not named are left alone.

    `take_apart` may put several smaller changes in the place of one.
    """
    named = {table.app for table in (*state.tables.values(), *models.values())} if apps is None else set(apps)
    before = {key: table for key, table in state.tables.items() if table.app in named}
    after = {key: table for key, table in models.items() if table.app in named}
    changes = changes_between(before, after, questioner)
    if take_apart is not None:
        changes = take_apart(changes, state)
    return arrange(sorted(changes, key=lambda change: change.late), graph, state)


def changes_between(
    before: Mapping[str, Table], after: Mapping[str, Table], questioner: Questioner
) -> Iterable[Change]:
    """Yield what turns the tables `before` into those `after`."""
    return in_turn([*found(before, after, questioner)])


def found(before: Mapping[str, Table], after: Mapping[str, Table], questioner: Questioner) -> Iterable[Change]:
    """Yield the changes between tables, without what the members of enums ask of their order."""
    past = State(dict(before))
    renames = [*renamed_tables(past, after, questioner), *renamed_columns(past, after, questioner)]
    yield from renames
    yield from followed_names(past, after, renames)
    yield from changed_enums(past, after, questioner)
    yield from creations({key: table for key, table in after.items() if key not in past.tables})
    for key, table in after.items():
        if key in past.tables:
            yield from compare_table(replace(past.tables[key], model=table.model), table, questioner.about(table.app))
    yield from deletions({key: table for key, table in past.tables.items() if key not in after})


def creations(tables: Mapping[str, Table]) -> Iterable[Change]:
    """Yield the changes that create tables; keys that go round in a circle are added when all tables stand."""
    later: list[Change] = []
    for table, circular in in_order(tables):
        yield created(without(table, circular))
        later += [constraint_added(table, item) for item in circular]
    yield from later


def deletions(tables: Mapping[str, Table]) -> Iterable[Change]:
    """Yield the changes that drop tables, those that point before those that are pointed at."""
    order = list(in_order(tables))
    yield from (constraint_removed(table, item) for table, circular in order for item in circular)
    yield from (dropped(without(table, circular)) for table, circular in reversed(order))


def in_order(tables: Mapping[str, Table]) -> Iterator[tuple[Table, list[ForeignKey]]]:
    """Yield tables, each after those it points at, with the keys for which that is impossible."""
    waiting = dict(tables)
    while waiting:
        table = min(waiting.values(), key=lambda item: len(pointing(item, waiting)))
        yield table, pointing(table, waiting)
        del waiting[table.key]


def without(table: Table, keys: Sequence[ForeignKey]) -> Table:
    return replace(table, constraints=tuple(item for item in table.constraints if item not in keys))


def pointing(table: Table, others: Mapping[str, Table]) -> list[ForeignKey]:
    """Return a table's foreign keys to `others`, to itself left aside."""
    return [item for item in table.foreign_keys if item.target in others and item.target != table.key]
