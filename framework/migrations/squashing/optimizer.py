"""Fewer operations that lead to the same tables."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from alembic.operations import ops

from framework.errors import FrameworkError
from framework.migrations.autodetector import factory
from framework.migrations.operations.alter_enum import AlterEnumOp
from framework.migrations.operations.renames import RenameConstraintOp, RenameIndexOp
from framework.migrations.operations.tables import place_of
from framework.migrations.schema.table import ForeignKey, Table, key_of
from framework.migrations.state.mutations import apply_operation
from framework.migrations.state.state import State

__all__ = ["applied_to", "optimize"]

type Operations = list[ops.MigrateOperation]

PLAIN = (
    ops.CreateTableOp,
    ops.DropTableOp,
    ops.RenameTableOp,
    ops.AddColumnOp,
    ops.DropColumnOp,
    ops.AlterColumnOp,
    ops.CreateIndexOp,
    ops.DropIndexOp,
    ops.AddConstraintOp,
    ops.DropConstraintOp,
    ops.CreateTableCommentOp,
    ops.DropTableCommentOp,
    RenameConstraintOp,
    RenameIndexOp,
)
"""What changes tables and nothing else; nothing may be moved past another operation."""


def optimize(operations: Sequence[ops.MigrateOperation], before: State, app: str) -> Operations:
    """Return operations that lead from `before` to the same tables, fewer where that is sure."""
    state = before.copy()
    done: Operations = []
    for segment in segments(operations):
        end = applied_to(segment, state, app)
        found = segment
        if end is not None:
            for shorten in (folded, cancelled):
                tried = shorten(found, state, end)
                if len(tried) < len(found) and same(applied_to(tried, state, app), end):
                    found = tried
            state = end
        done += found
    return done


def segments(operations: Iterable[ops.MigrateOperation]) -> Iterable[Operations]:
    """Split operations at those that may look at what is there."""
    segment: Operations = []
    for operation in operations:
        if is_plain(operation, segment):
            segment.append(operation)
            continue
        if segment:
            yield segment
        yield [operation]
        segment = []
    if segment:
        yield segment


def is_plain(operation: ops.MigrateOperation, before: Operations) -> bool:
    """Tell whether an operation changes tables and nothing else; an enum's does where `before` made its only table."""
    if not isinstance(operation, PLAIN) or hasattr(operation, "only"):
        return False
    if not isinstance(operation, AlterEnumOp):
        return True
    return not operation.also and key_of(operation.table_name, operation.schema) in created(before).values()


def applied_to(operations: Iterable[ops.MigrateOperation], before: State, app: str) -> State | None:
    """Return the state after operations, or `None` when they don't fit."""
    state = before.copy()
    try:
        for operation in operations:
            apply_operation(operation, state, app)
    except FrameworkError:
        return None
    return state


def same(one: State | None, other: State) -> bool:
    """Tell whether two states hold the same tables, in whatever order their parts were made."""
    return one is not None and normal(one) == normal(other)


def normal(state: State) -> dict[str, Table]:
    def sort(table: Table) -> Table:
        constraints = sorted(table.constraints, key=lambda item: (item.kind, item.name or "", repr(item)))
        indexes = sorted(table.indexes, key=lambda item: (item.name or "", repr(item)))
        return replace(table, constraints=tuple(constraints), indexes=tuple(indexes))

    return {key: sort(table) for key, table in state.tables.items()}


def folded(operations: Operations, before: State, after: State) -> Operations:
    """Create new tables as they are in the end, where they were created; what came after it for them is left out."""
    homes = created(operations)
    done: Operations = []
    late: Operations = []
    there = set(before.tables)
    for operation in operations:
        home = homes.get(id(operation))
        if home is None:
            done.append(operation)
        elif isinstance(operation, ops.CreateTableOp) and (table := after.tables.get(home)) is not None:
            there.add(home)
            # A key may point at what does not stand yet: a later table, or what other changes make.
            waiting = [item for item in table.foreign_keys if not stands(item, home, there, before)]
            kept = tuple(item for item in table.constraints if item not in waiting)
            done += factory.create_table(replace(table, constraints=kept))
            late += [factory.add_constraint(table, item) for item in waiting]
    return done + late


def stands(key: ForeignKey, home: str, there: set[str], before: State) -> bool:
    if key.target == home:
        return True
    if key.target not in there:
        return False
    known = before.tables.get(key.target)
    return known is None or set(key.target_columns) <= set(known.columns)


def created(operations: Operations) -> dict[int, str]:
    """Return, by identity, the operations on tables that are created here, with the name of the table in the end."""
    names: dict[str, list[ops.MigrateOperation]] = {}
    closed: list[tuple[str, list[ops.MigrateOperation]]] = []
    for operation in operations:
        place = place_of(operation)
        if place is None:
            continue
        key = key_of(*place)
        if isinstance(operation, ops.CreateTableOp):
            names[key] = [operation]
        elif key in names:
            names[key].append(operation)
            if isinstance(operation, ops.RenameTableOp):
                names[key_of(operation.new_table_name, operation.schema)] = names.pop(key)
            elif isinstance(operation, ops.DropTableOp):
                closed.append(("", names.pop(key)))
    return {id(item): key for key, members in [*names.items(), *closed] for item in members}


def cancelled(operations: Operations, before: State, after: State) -> Operations:
    """Leave out what is undone later, and what happens to a table or column that goes."""
    found = list(operations)
    for last in reversed(operations):
        if last not in found:
            continue
        mine, opens = undone_by(last)
        position = found.index(last)
        earlier = [item for item in found[:position] if mine(item)]
        if not earlier:
            continue
        start = next((item for item in earlier if opens(item)), None)
        gone = [*earlier[earlier.index(start) :], last] if start is not None else earlier
        found = [item for item in found if item not in gone]
    return found


type Test = Callable[[ops.MigrateOperation], bool]


def undone_by(last: ops.MigrateOperation) -> tuple[Test, Test]:
    """Return what tells the operations that mean nothing once `last` has come, and the one that `last` takes back."""
    place = place_of(last)

    def here(item: Any) -> bool:
        return place_of(item) == place

    match last:
        case ops.DropTableOp():
            return here, lambda item: isinstance(item, ops.CreateTableOp)
        case ops.DropColumnOp(column_name=name):
            return (
                lambda item: here(item) and column_of(item) == name,
                lambda item: isinstance(item, ops.AddColumnOp),
            )
        case ops.DropIndexOp(index_name=name):
            return lambda item: index_of(item) == name, lambda item: isinstance(item, ops.CreateIndexOp)
        case ops.DropConstraintOp(constraint_name=name):
            return (
                lambda item: here(item) and constraint_of(item) == name,
                lambda item: isinstance(item, ops.AddConstraintOp),
            )
        case _:
            return lambda _: False, lambda _: False


def column_of(item: ops.MigrateOperation) -> str | None:
    match item:
        case ops.AddColumnOp(column=column):
            return column.name
        case ops.AlterColumnOp(column_name=name, modify_name=None):
            return name
        case _:
            return None


def index_of(item: ops.MigrateOperation) -> object:
    return item.index_name if isinstance(item, ops.CreateIndexOp) else None


def constraint_of(item: Any) -> object:
    added = isinstance(item, ops.AddConstraintOp)
    return getattr(item, "constraint_name", None) if added else None
