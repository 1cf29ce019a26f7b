"""How likely a table or a column is one that went, under another name: who is asked about first, and who at all."""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

import sqlalchemy as sa

from framework.migrations.autodetector.types import family, kind, readable
from framework.migrations.schema.table import Column, Table

__all__ = ["alike", "columns_by_likeness", "likely_column", "resembling", "tables_by_likeness"]


def likeness(one: str, other: str) -> float:
    """Return how much two names have in common, from 0 to 1."""
    return SequenceMatcher(None, one, other).ratio()


def namesakes(one: str, other: str) -> bool:
    """Tell whether two names are forms of one: they share a word, or nearly all letters."""
    words = {word for word in one.split("_") if len(word) > 2}
    return not words.isdisjoint(other.split("_")) or likeness(one, other) >= 0.8


def columns_by_likeness(before: Table, after: Table) -> list[tuple[Column, Column]]:
    """Return each column that went with each that came: those of the nearest types first, then by their names."""
    gone = [column for name, column in before.columns.items() if name not in after.columns]
    came = [column for name, column in after.columns.items() if name not in before.columns]
    pairs = [(old, new) for new in came for old in gone]
    return sorted(pairs, key=lambda pair: (distance(*pair), -likeness(pair[0].name, pair[1].name)))


def distance(old: Column, new: Column) -> int:
    """Return how far apart two types are: none, a length or a precision, a size, or all the way."""
    if old.type == new.type:
        return 0
    if kind(old.sa_type) != kind(new.sa_type):
        return 3
    return 1 if family(old.sa_type) == family(new.sa_type) else 2


def likely_column(before: Table, after: Table, old: Column, new: Column) -> bool:
    """Tell whether a column may be another under a new name: it points where that did and its values would fit.

    Most types can be made text of, and text be read as most types; that asks for names that are alike too.
    """
    if targets(before, old) != targets(after, new) or (derived(old, new) and old.generated != new.generated):
        return False
    if distance(old, new) < 3:
        return True
    return readable(kind(old.sa_type), kind(new.sa_type)) and namesakes(old.name, new.name)


def derived(*columns: Column) -> bool:
    """Tell whether one of them holds what the database computes: nothing is lost with it."""
    return any(isinstance(column.sa_default, sa.Computed) for column in columns)


def targets(table: Table, column: Column) -> set[str]:
    return {key.target for key in table.foreign_keys if key.columns == (column.name,)}


def tables_by_likeness(past: Mapping[str, Table], after: Mapping[str, Table]) -> list[tuple[Table, Table]]:
    """Return each table that went with each that came: those with most columns in common first, then by their names."""
    gone = [table for key, table in past.items() if key not in after]
    came = [table for key, table in after.items() if key not in past]
    pairs = [(old, new) for new in came for old in gone]
    return sorted(pairs, key=lambda pair: (-shared(*pair), -likeness(pair[0].label, pair[1].label)))


def alike(old: Table, new: Table, past: Mapping[str, Table], after: Mapping[str, Table]) -> bool:
    """Tell whether two tables have the same columns, which point at the same tables, or at such as may be renamed."""
    return (
        old.schema == new.schema
        and dict(old.columns) == dict(new.columns)
        and {(key.columns, key.target if key.target in after else None) for key in old.foreign_keys}
        == {(key.columns, key.target if key.target in past else None) for key in new.foreign_keys}
    )


def resembling(old: Table, new: Table, past: Mapping[str, Table], after: Mapping[str, Table]) -> bool:
    """Tell whether half of all the columns of two tables, keys aside, have the same name and values that would fit."""
    return old.schema == new.schema and shared(old, new) >= 0.5


def shared(old: Table, new: Table) -> float:
    """Return how many of the columns of two tables, keys aside, are in both, as a part of all."""
    names = dict.fromkeys([*contents(old), *contents(new)])
    both = [name for name in names if name in old.columns and name in new.columns]
    fitting = [name for name in both if kind(old.columns[name].sa_type) == kind(new.columns[name].sa_type)]
    return len(fitting) / len(names) if names else 0.0


def contents(table: Table) -> Iterator[str]:
    key = table.primary_key
    return (name for name in table.columns if key is None or key.columns != (name,))
