"""What a committed transaction changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, inspect
from sqlmodel import SQLModel

__all__ = ["Changes", "Key", "tables_behind"]

type Key = tuple[Any, ...]
"""A primary key: one value for each of its columns."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a committed transaction changed, and what the database changed with it.

    `post in changes` tells of a row, `Post in changes` whether any row of the model changed.
    """

    tables: Mapping[str, frozenset[Key] | None]
    """By name of the table, the keys of the rows; `None` when they are not known, so that any may have changed."""

    def keys(self, model: type[SQLModel]) -> frozenset[Key] | None:
        """Return the keys of the rows of `model` that changed; `None` when any row may have."""
        found: set[Key] = set()
        for table in tables_behind(model):
            keys = self.tables.get(table.fullname, frozenset())
            if keys is None:
                return None
            found |= keys
        return frozenset(found)

    def __contains__(self, what: type[SQLModel] | SQLModel) -> bool:
        model = what if isinstance(what, type) else type(what)
        keys = self.keys(model)
        if keys is None or what is model:
            return keys is None or bool(keys)
        return tuple(inspect(model).mapper.primary_key_from_instance(what)) in keys


def tables_behind(model: Any) -> list[Table[Any]]:
    """Return the tables that hold the rows of a model: its own, and those of the models it inherits rows from."""
    if isinstance(model, Table):
        return [model]
    return [table for table in inspect(model).mapper.tables if isinstance(table, Table)]
