"""Which rows a flush wrote."""

from collections.abc import Iterator
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import UOWTransaction

from framework.db.changes.changes import Key

__all__ = ["rows_written"]


def rows_written(flush: UOWTransaction) -> Iterator[tuple[str, Key]]:
    """Yield table and primary key of the rows a flush may have written; a key that changed, before and after."""
    # Not the session's `new` and `dirty`: they lack the rows that a relationship releases along the way.
    states = cast("dict[Any, tuple[bool, bool]]", flush.states)  # pyright: ignore[reportUnknownMemberType]
    for state, (_, only_looked_at) in states.items():
        row = state.obj()
        if only_looked_at or row is None:
            continue
        mapper = state.mapper
        keys: set[Key] = {tuple(mapper.primary_key_from_instance(row))}
        if state.key is not None:
            keys.add(state.key[1])
        for table in mapper.tables:
            if isinstance(table, Table):
                yield from ((table.fullname, key) for key in keys)
