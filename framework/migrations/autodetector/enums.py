"""Finds enums whose members changed, and asks what becomes of the rows that hold those which go."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa
from alembic.operations import ops

from framework.migrations.autodetector.changes import Change
from framework.migrations.autodetector.questioner import Questioner
from framework.migrations.operations.alter_enum import AlterEnumOp, schema_of, values_of
from framework.migrations.operations.enum_types import brought, name_of
from framework.migrations.schema.table import Column, Table
from framework.migrations.state.mutations import with_members
from framework.migrations.state.state import State

__all__ = ["changed_enums", "in_turn"]


@dataclass(slots=True)
class Altered:
    """An enum that has other members, and the columns it is the type of."""

    old: sa.Enum
    new: sa.Enum
    places: list[tuple[Table, Column, Column]] = field(default_factory=list[tuple[Table, Column, Column]])


def changed_enums(past: State, after: Mapping[str, Table], questioner: Questioner) -> Iterator[Change]:
    """Yield the changes of members, and make them in `past`. A PostgreSQL type of several columns changes once."""
    for altered in altered_enums(past, after):
        yield enum_changed(altered, questioner, past)


def altered_enums(past: State, after: Mapping[str, Table]) -> Sequence[Altered]:
    found: dict[object, Altered] = {}
    for key, table in after.items():
        for name, new in table.columns.items():
            old = past.tables[key].columns.get(name) if key in past.tables else None
            if old is None or old.type == new.type:
                continue
            before, now = old.sa_type, new.sa_type
            if isinstance(before, sa.Enum) and isinstance(now, sa.Enum) and same_kind(before, now):
                shared = (schema_of(now), now.name) if now.native_enum else (key, name)
                found.setdefault(shared, Altered(before, now)).places.append((table, old, new))
    return list(found.values())


def same_kind(old: sa.Enum, new: sa.Enum) -> bool:
    """Tell whether two enums are kept the same way; a PostgreSQL type of another name is another type."""
    if bool(old.native_enum) != bool(new.native_enum):
        return False
    return not new.native_enum or (schema_of(old), old.name) == (schema_of(new), new.name)


def enum_changed(altered: Altered, questioner: Questioner, past: State) -> Change:
    """Return the change of one enum, with the defaults that have to change along."""
    (table, old, new), *others = altered.places
    moved, back = fate(table, old, altered, questioner.about(table.app))
    also = [f"{item.key}.{column.name}" for item, _, column in others]
    model = table.label.lower()
    forward = AlterEnumOp(table.name, new.name, altered.old, altered.new, moved, also, table.schema)
    backward = AlterEnumOp(table.name, new.name, altered.new, altered.old, back, also, table.schema)
    text, fragment = f"Alter enum {new.name} on {model}", f"alter_{model}_{new.name}"
    change = Change(table.app, "~", text, fragment, [forward], [backward])
    change.needs = {("column", item.key, column.name) for item, _, column in altered.places}
    change.needs |= {("name", item.key) for item, _, _ in altered.places}
    in_place = bool(altered.new.native_enum) and forward.in_place
    for item, before, after in altered.places:
        there, back_again = with_members(forward, before), with_members(backward, after)
        if there.default == after.default and back_again.default == before.default:
            pass
        elif in_place:
            # PostgreSQL lets nobody use a new member before the transaction that adds it has ended.
            change.alone = True
        else:
            change.forward.append(default_changed(item, after))
            change.backward.append(default_changed(item, before))
            there = replace(there, default=after.default, sa_default=after.sa_default)
        past.change(item.key, lambda table, there=there: table.map_column(there.name, lambda _: there))
    return change


def default_changed(table: Table, column: Column) -> ops.AlterColumnOp:
    default = None if column.sa_default is None else column.sa_default.arg
    return ops.AlterColumnOp(table.name, column.name, schema=table.schema, modify_server_default=default)


def fate(
    table: Table, column: Column, altered: Altered, questioner: Questioner
) -> tuple[dict[str, str], dict[str, str]]:
    """Return what rows get that hold a member which goes, and how much of that the way back can undo."""
    before, now = values_of(altered.old), values_of(altered.new)
    added = [item for item in now if item not in before]
    moved: dict[str, str] = {}
    back: dict[str, str] = {}
    for member in (item for item in before if item not in now):
        for candidate in added:
            if questioner.renamed_member(table, column, member, candidate):
                added.remove(candidate)
                moved[member], back[candidate] = candidate, member
                break
        else:
            instead = questioner.removed_member(table, column, member, now)
            if instead is not None:
                moved[member] = instead
    return moved, back


@dataclass(slots=True)
class Turns:
    """The changes that have to do with one type of PostgreSQL's: those that still know its old members, and others."""

    leaving: list[Change] = field(default_factory=list[Change])
    altering: list[Change] = field(default_factory=list[Change])
    coming: list[Change] = field(default_factory=list[Change])


def in_turn(changes: Sequence[Change]) -> Sequence[Change]:
    """Return changes that wait for each other where a type of PostgreSQL's gets other members.

    What goes leaves it with the old members, what comes finds it with the new ones, on the way back too.
    """
    turns: dict[object, Turns] = {}
    members: dict[object, set[tuple[str, ...]]] = {}
    for change in changes:
        before, after = types_in(change.backward), types_in(change.forward)
        for name, values in (*before.items(), *after.items()):
            members.setdefault(name, set()).add(values)
        for name in before.keys() ^ after.keys():
            turn = turns.setdefault(name, Turns())
            (turn.leaving if name in before else turn.coming).append(change)
        for item in change.forward:
            if isinstance(item, AlterEnumOp) and item.modify_type.native_enum:
                name = name_of(item.modify_type)
                members.setdefault(name, set()).update(map(tuple, (item.existing_type.enums, item.modify_type.enums)))
                turns.setdefault(name, Turns()).altering.append(change)
    for name, turn in turns.items():
        if len(members[name]) > 1:
            wait(turn.altering, turn.leaving, ("type left", str(name)))
            wait(turn.coming, turn.leaving, ("type left", str(name)))
            wait(turn.coming, turn.altering, ("type altered", str(name)))
    return changes


def types_in(operations: Iterable[ops.MigrateOperation]) -> dict[object, tuple[str, ...]]:
    """Return the members of the types that operations bring, by name."""
    return {name_of(item): tuple(values_of(item)) for operation in operations for item in brought(operation)}


def wait(later: Iterable[Change], sooner: Iterable[Change], key: tuple[str, ...]) -> None:
    for change in sooner:
        change.provides.add(key)
    for change in later:
        change.needs.add(key)
