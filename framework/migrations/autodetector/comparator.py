"""Compares tables as the migrations leave them with tables as the models say, part by part."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from alembic.operations import ops

from framework.migrations.autodetector import factory
from framework.migrations.autodetector.changes import Change
from framework.migrations.autodetector.columns import added, altered
from framework.migrations.autodetector.questioner import Questioner
from framework.migrations.schema.table import Column, Constraint, ForeignKey, Index, Table

__all__ = ["compare_table", "constraint_added", "constraint_removed", "created", "dropped"]


def created(table: Table) -> Change:
    """Return the change that makes a new table, with the keys it points at others by."""
    change = Change(table.app, "+", f"Create model {table.label}", table.label.lower(), [], [factory.drop_table(table)])
    change.forward.extend(factory.create_table(table))
    change.provides = {("table", table.key)}
    change.needs = {need for item in table.foreign_keys for need in targets(item) if item.target != table.key}
    return change


def dropped(table: Table) -> Change:
    """Return the change that drops a table."""
    name = table.label
    change = Change(table.app, "-", f"Delete model {name}", f"delete_{name.lower()}", [factory.drop_table(table)], [])
    change.backward.extend(factory.create_table(table))
    change.provides = {("no table", table.key), *(gone(table, item) for item in table.foreign_keys)}
    change.needs = {("released", table.key), *(name for item in table.foreign_keys for name in names(item))}
    return change


def targets(key: ForeignKey) -> set[tuple[str, ...]]:
    """Return what a foreign key needs: the table it points at, and the columns."""
    return {("table", key.target), *(("column", key.target, column) for column in key.target_columns)}


def names(key: ForeignKey) -> set[tuple[str, ...]]:
    """Return what must have its name before a foreign key goes: on the way back, the key comes to that name."""
    return {("name", key.target), *(("name", key.target, column) for column in key.target_columns)}


def gone(table: Table, key: ForeignKey) -> tuple[str, ...]:
    return ("no constraint", table.key, str(key.name))


@dataclass(slots=True)
class Difference[T]:
    """What two lists of named things don't share."""

    gone: list[T]
    new: list[T]


def difference[T: (Constraint, Index)](old: Iterable[T], new: Iterable[T]) -> Difference[T]:
    """Compare by name and content; where one side has no name, by content alone."""
    left, right = list(old), list(new)
    for item in list(left):
        match = next((other for other in right if same(item, other)), None)
        if match is not None:
            left.remove(item)
            right.remove(match)
    return Difference(left, right)


def same(one: Constraint | Index, other: Constraint | Index) -> bool:
    if one.name is None or other.name is None:
        return replace(one, name=None) == replace(other, name=None)
    return one == other


def compare_table(old: Table, new: Table, questioner: Questioner) -> Iterator[Change]:
    """Yield what turns `old` into `new`: first what goes away, then columns, then what stands on them."""
    constraints = difference(old.constraints, new.constraints)
    indexes = difference(old.indexes, new.indexes)
    removed = {name: column for name, column in old.columns.items() if name not in new.columns}
    fresh = {name: column for name, column in new.columns.items() if name not in old.columns}
    # What stands on one new or leaving column alone is part of that column's change.
    new_alone = alone(fresh, constraints.new, indexes.new)
    old_alone = alone(removed, constraints.gone, indexes.gone)

    yield from (index_removed(old, item) for item in indexes.gone if item not in old_alone.items)
    yield from (constraint_removed(old, item) for item in constraints.gone if item not in old_alone.items)
    for column in fresh.values():
        yield from columns_added(new, column, new_alone.on(column), questioner)
    for name, column in new.columns.items():
        if name in old.columns and (change := altered(new, old.columns[name], column, questioner)):
            yield change
    for column in removed.values():
        yield column_removed(old, column, old_alone.on(column))
    yield from (constraint_added(new, item) for item in constraints.new if item not in new_alone.items)
    yield from (index_added(new, item) for item in indexes.new if item not in new_alone.items)
    if old.comment != new.comment:
        yield comment_changed(old, new)


@dataclass(slots=True)
class Alone:
    """Constraints and indexes over one column each."""

    items: list[Constraint | Index]

    def on(self, column: Column) -> list[Constraint | Index]:
        return [item for item in self.items if item.columns == (column.name,)]


def alone(columns: Iterable[str], constraints: Iterable[Constraint], indexes: Iterable[Index]) -> Alone:
    single = {(name,) for name in columns}
    return Alone([item for item in (*constraints, *indexes) if item.columns in single])


def columns_added(
    table: Table, column: Column, on_it: Iterable[Constraint | Index], questioner: Questioner
) -> Iterator[Change]:
    """Yield what adds a column with what stands on it alone, and the steps that follow later."""
    model = table.label.lower()
    forward, later = added(table, column, questioner)
    change = Change(
        table.app,
        "+",
        f"Add field {column.name} to {model}",
        f"{model}_{column.name}",
        forward,
        [factory.drop_column(table, column)],
        {("column", table.key, column.name)},
    )
    for item in on_it:
        change.absorb(*additions(table, item))
        if isinstance(item, ForeignKey) and item.target != table.key:
            change.needs |= targets(item)
    yield change
    yield from later


def column_removed(table: Table, column: Column, on_it: Iterable[Constraint | Index]) -> Change:
    model = table.label.lower()
    change = Change(
        table.app,
        "-",
        f"Remove field {column.name} from {model}",
        f"remove_{model}_{column.name}",
        [],
        [],
        {("no column", table.key, column.name)},
        {("released", table.key, column.name)},
    )
    for item in on_it:
        backward, forward = additions(table, item)
        change.absorb(forward, backward)
        if isinstance(item, ForeignKey):
            change.provides.add(gone(table, item))
            change.needs |= names(item)
    change.absorb([factory.drop_column(table, column)], [factory.add_column(table, column)])
    return change


def additions(table: Table, item: Constraint | Index) -> tuple[list[ops.MigrateOperation], list[ops.MigrateOperation]]:
    """Return what adds a constraint or an index, and what takes it away."""
    if isinstance(item, Index):
        return [factory.create_index(table, item)], [factory.drop_index(table, item)]
    return [factory.add_constraint(table, item)], [factory.drop_constraint(table, item)]


def constraint_added(table: Table, item: Constraint) -> Change:
    """Return the change that adds a constraint to a table that stands."""
    model = table.label.lower()
    text = f"Create constraint {item.name} on model {model}"
    change = Change(table.app, "+", text, f"{model}_{item.name}", *additions(table, item))
    change.needs = {("column", table.key, name) for name in item.columns}
    if isinstance(item, ForeignKey):
        change.needs |= targets(item)
    return change


def constraint_removed(table: Table, item: Constraint) -> Change:
    """Return the change that drops a constraint."""
    model = table.label.lower()
    backward, forward = additions(table, item)
    text = f"Remove constraint {item.name} from model {model}"
    change = Change(table.app, "-", text, f"remove_{model}_{item.name}", forward, backward)
    if isinstance(item, ForeignKey):
        change.provides = {gone(table, item)}
        change.needs = names(item)
    return change


def index_added(table: Table, item: Index) -> Change:
    model = table.label.lower()
    text = f"Create index {item.name} on field(s) {', '.join(item.columns)} of model {model}"
    change = Change(table.app, "+", text, f"{model}_{item.name}", *additions(table, item))
    change.needs = {("column", table.key, name) for name in item.columns}
    return change


def index_removed(table: Table, item: Index) -> Change:
    model = table.label.lower()
    backward, forward = additions(table, item)
    return Change(
        table.app, "-", f"Remove index {item.name} from {model}", f"remove_{model}_{item.name}", forward, backward
    )


def comment_changed(old: Table, new: Table) -> Change:
    model = new.label.lower()

    def comment(before: Table, after: Table) -> list[ops.MigrateOperation]:
        if after.comment is None:
            return [ops.DropTableCommentOp(new.name, schema=new.schema, existing_comment=before.comment)]
        return [ops.CreateTableCommentOp(new.name, after.comment, schema=new.schema, existing_comment=before.comment)]

    text = f"Alter table comment for {model} to {new.comment}"
    return Change(new.app, "~", text, f"alter_{model}_table_comment", comment(old, new), comment(new, old))
