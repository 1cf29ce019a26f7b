"""Finds enums whose members changed, and asks what becomes of the rows that hold those which go."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from framework.migrations.autodetector.changes import Change
from framework.migrations.directives import AlterEnumOp
from framework.migrations.directives.enums import values_of
from framework.migrations.questioner import Questioner
from framework.migrations.schema import Column, Table
from framework.migrations.state import State

__all__ = ["changed_enums"]


@dataclass(slots=True)
class Altered:
    """An enum that has other members, and the columns it is the type of."""

    old: sa.Enum
    new: sa.Enum
    places: list[tuple[Table, Column, Column]] = field(default_factory=list[tuple[Table, Column, Column]])


def changed_enums(past: State, after: Mapping[str, Table], questioner: Questioner) -> Iterator[Change]:
    """Yield the changes of members, and make them in `past`. A PostgreSQL type of several columns changes once."""
    for altered in altered_enums(past, after):
        yield enum_changed(altered, questioner)
        for table, _, new in altered.places:
            past.change(table.key, lambda item, new=new: with_type(item, new))


def with_type(table: Table, new: Column) -> Table:
    columns = table.columns.values()
    return table.with_columns(
        replace(item, type=new.type, sa_type=new.sa_type) if item.name == new.name else item for item in columns
    )


def altered_enums(past: State, after: Mapping[str, Table]) -> Sequence[Altered]:
    found: dict[object, Altered] = {}
    for key, table in after.items():
        for name, new in table.columns.items():
            old = past.tables[key].columns.get(name) if key in past.tables else None
            if old is None or old.type == new.type:
                continue
            before, now = old.sa_type, new.sa_type
            if isinstance(before, sa.Enum) and isinstance(now, sa.Enum) and same_kind(before, now):
                shared = (now.schema, now.name) if now.native_enum else (key, name)
                found.setdefault(shared, Altered(before, now)).places.append((table, old, new))
    return list(found.values())


def same_kind(old: sa.Enum, new: sa.Enum) -> bool:
    """Tell whether two enums are kept the same way; a PostgreSQL type of another name is another type."""
    if bool(old.native_enum) != bool(new.native_enum):
        return False
    return not new.native_enum or (old.schema, old.name) == (new.schema, new.name)


def enum_changed(altered: Altered, questioner: Questioner) -> Change:
    (table, old, new), *others = altered.places
    moved, back = fate(table, old, altered, questioner.about(table.app))
    also = [f"{item.key}.{column.name}" for item, _, column in others]
    place = (table.name, new.name)
    model = table.label.lower()
    forward = AlterEnumOp(*place, altered.old, altered.new, moved, also, table.schema)
    backward = AlterEnumOp(*place, altered.new, altered.old, back, also, table.schema)
    needs = {("column", item.key, column.name) for item, _, column in altered.places}
    change = Change(
        table.app, "~", f"Alter enum {new.name} on {model}", f"alter_{model}_{new.name}", [forward], [backward]
    )
    change.needs = needs
    # PostgreSQL lets nobody use a new member before the transaction that adds it has ended.
    change.alone = bool(altered.new.native_enum) and any(old.default != new.default for _, old, new in altered.places)
    return change


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
