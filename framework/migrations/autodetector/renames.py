"""Finds what was renamed: tables and columns, by asking, and constraints and indexes, by what they are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from alembic.operations import ops

from framework.migrations.autodetector.changes import Change
from framework.migrations.autodetector.questioner import Questioner
from framework.migrations.autodetector.similarity import (
    alike,
    columns_by_likeness,
    likely_column,
    resembling,
    tables_by_likeness,
)
from framework.migrations.operations.renames import RenameConstraintOp, RenameIndexOp
from framework.migrations.schema.table import Column, Constraint, Index, Table
from framework.migrations.state.state import State

__all__ = ["followed_names", "renamed_columns", "renamed_tables"]


def renamed_tables(past: State, after: Mapping[str, Table], questioner: Questioner) -> Iterator[Change]:
    """Yield the changes that rename tables, and rename them in `past`; what was told comes before what is asked."""
    for may_be, was_renamed in ((anything, table_told), (alike, table_asked), (resembling, table_asked)):
        for old, new in tables_by_likeness(past.tables, after):
            left = old.key in past.tables and new.key not in past.tables
            if left and may_be(old, new, past.tables, after) and was_renamed(old, new, questioner.about(old.app)):
                yield table_renamed(old, new)
                past.rename_table(old.key, new.name)
                past.change(new.key, lambda table, new=new: replace(table, app=new.app, model=new.model))


def anything(*_: object) -> bool:
    """Tell that what was told is taken as it is."""
    return True


def table_told(old: Table, new: Table, questioner: Questioner) -> bool | None:
    names = [f"{new.app}.{new.label}", *([new.label] if old.app == new.app else [])]
    return questioner.told_rename(f"{old.app}.{old.label}", *names)


def table_asked(old: Table, new: Table, questioner: Questioner) -> bool:
    likely = old.app == new.app or old.label == new.label
    return likely and table_told(old, new, questioner) is None and questioner.renamed_table(old, new)


def table_renamed(old: Table, new: Table) -> Change:
    text, fragment = f"Rename model {old.label} to {new.label}", f"rename_{old.label.lower()}_{new.label.lower()}"
    if old.app != new.app:
        text = f"Move model {old.app}.{old.label} to {new.app}.{new.label}"
        fragment = f"move_{new.label.lower()}_from_{old.app}"
    return Change(
        new.app,
        "~",
        text,
        fragment,
        [ops.RenameTableOp(old.name, new.name, schema=new.schema)],
        [ops.RenameTableOp(new.name, old.name, schema=new.schema)],
        provides={("table", new.key), ("name", new.key)},
        needs={("table", old.key), ("everything on", old.key)},
    )


def renamed_columns(past: State, after: Mapping[str, Table], questioner: Questioner) -> Iterator[Change]:
    """Yield the changes that rename columns, and rename them in `past`; what was told comes before what is asked."""
    for was_renamed in (column_told, column_asked):
        for table in [table for key, table in after.items() if key in past.tables]:
            yield from renamed_columns_of(past, table, questioner.about(table.app), was_renamed)


type Judge = Callable[[Table, Table, Column, Column, Questioner], bool | None]


def renamed_columns_of(past: State, table: Table, questioner: Questioner, was_renamed: Judge) -> Iterator[Change]:
    for old, new in columns_by_likeness(past[table.key], table):
        before = past[table.key]
        left = old.name in before.columns and new.name not in before.columns
        if left and was_renamed(before, table, old, new, questioner):
            yield column_renamed(table, old, new)
            past.rename_column(table.key, old.name, new.name)


def column_told(before: Table, table: Table, old: Column, new: Column, questioner: Questioner) -> bool | None:
    return questioner.told_rename(f"{table.app}.{table.label}.{old.name}", new.name)


def column_asked(before: Table, table: Table, old: Column, new: Column, questioner: Questioner) -> bool:
    told = column_told(before, table, old, new, questioner)
    return told is None and likely_column(before, table, old, new) and questioner.renamed_column(table, old, new)


def column_renamed(table: Table, old: Column, new: Column) -> Change:
    model = table.label.lower()
    return Change(
        table.app,
        "~",
        f"Rename field {old.name} on {model} to {new.name}",
        f"rename_{old.name}_{model}_{new.name}",
        [ops.AlterColumnOp(table.name, old.name, schema=table.schema, modify_name=new.name)],
        [ops.AlterColumnOp(table.name, new.name, schema=table.schema, modify_name=old.name)],
        provides={
            ("column", table.key, new.name),
            ("name", table.key, new.name),
            ("no column", table.key, old.name),
        },
        needs={("table", table.key), ("everything on", table.key)},
    )


def followed_names(past: State, after: Mapping[str, Table], renames: Sequence[Change]) -> Iterator[Change]:
    """Yield the changes that give constraints and indexes other names, and rename them in `past`.

    Those of a table or column that was renamed are part of that change: their names come from it.
    """
    renamed = {key[1]: change for change in renames for key in change.provides}
    for key, table in after.items():
        for old, new in other_names(past.tables[key], table) if key in past.tables else ():
            change = name_changed(table, old, new)
            if isinstance(old, Index):
                past.rename_index(key, str(old.name), str(new.name))
            else:
                past.rename_constraint(key, str(old.name), str(new.name))
            if key in renamed:
                renamed[key].absorb(change.forward, change.backward)
            else:
                yield change


def other_names(before: Table, after: Table) -> Iterator[tuple[Constraint | Index, Constraint | Index]]:
    """Yield what two tables have in common but call otherwise."""
    yield from named_otherwise(before.indexes, after.indexes)
    yield from named_otherwise(before.constraints, after.constraints)


def named_otherwise[T: (Constraint, Index)](old: Sequence[T], new: Sequence[T]) -> Iterator[tuple[T, T]]:
    names = {item.name for item in (*old, *new) if item.name}
    left = [item for item in new if item.name in names - {item.name for item in old}]
    for item in old:
        if item.name is None or item.name in {other.name for other in new}:
            continue
        match = next((other for other in left if replace(other, name=item.name) == item), None)
        if match is not None:
            left.remove(match)
            yield item, match


def name_changed(table: Table, old: Constraint | Index, new: Constraint | Index) -> Change:
    operation, kind = (RenameIndexOp, "index") if isinstance(old, Index) else (RenameConstraintOp, "constraint")
    forward = operation(str(old.name), str(new.name), table.name, table.schema)
    text = f"Rename {kind} {old.name} on {table.label.lower()} to {new.name}"
    fragment = f"rename_{old.name}_{new.name}"
    return Change(table.app, "~", text, fragment, [forward], [forward.reverse()], needs={("table", table.key)})
