"""What the database changes by itself: ON DELETE and ON UPDATE, and the rows that a link table joins."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, MetaData, Table
from sqlalchemy.exc import NoReferenceError

from framework.db.changes.changes import Changes, Key
from framework.db.changes.log import Entry, Kind

__all__ = ["Cascades"]

CHANGING = ("CASCADE", "SET NULL", "SET DEFAULT")


class Link(NamedTuple):
    """One end of a link table."""

    table: str
    position: int | None
    """Where the link's primary key holds that of the row it links; `None` when it does not."""


class Cascades:
    """The foreign keys of a metadata, backwards. Read when they are asked for, and again when tables were added."""

    def __init__(self, metadata: MetaData) -> None:
        self._metadata = metadata
        self._count = -1
        self._dependents: dict[tuple[str, Kind], list[tuple[str, Kind]]] = {}
        self._links: dict[str, list[Link]] = {}

    def widen(self, entries: Iterable[Entry]) -> Changes:
        """Return what changed when `entries` did."""
        self._refresh()
        found: dict[str, set[Key] | None] = {}
        seen: set[tuple[str, Kind]] = set()
        for entry in entries:
            add(found, entry.table, entry.key)
            for table, key in self._linked(entry.table, entry.key):
                add(found, table, key)
            self._follow(entry.table, entry.kind, found, seen)
        return Changes({table: None if keys is None else frozenset(keys) for table, keys in found.items()})

    def _follow(self, table: str, kind: Kind, found: dict[str, set[Key] | None], seen: set[tuple[str, Kind]]) -> None:
        for dependent in self._dependents.get((table, kind), ()):
            if dependent not in seen:
                seen.add(dependent)
                add(found, dependent[0], None)
                for linked, _ in self._linked(dependent[0], None):
                    if linked != table:  # of its own rows only the one went that the link was of
                        add(found, linked, None)
                self._follow(*dependent, found, seen)

    def _linked(self, table: str, key: Key | None) -> Iterable[tuple[str, Key | None]]:
        for link in self._links.get(table, ()):
            yield link.table, None if key is None or link.position is None else (key[link.position],)

    def _refresh(self) -> None:
        if self._count == len(self._metadata.tables):
            return
        self._count = len(self._metadata.tables)
        self._dependents.clear()
        self._links.clear()
        for table in self._metadata.tables.values():
            for key in table.foreign_keys:
                self._read(table, key)
            if is_link(table):
                ends = [link_to(table, key) for key in table.foreign_keys if target_of(key) is not None]
                self._links[table.fullname] = ends

    def _read(self, table: Table[Any], key: ForeignKey) -> None:
        target = target_of(key)
        if target is None:
            return
        on_delete, on_update = (key.ondelete or "").upper(), (key.onupdate or "").upper()
        if on_delete in CHANGING:
            self._note(target, "delete", table, "delete" if on_delete == "CASCADE" else "update")
        if on_update in CHANGING:
            self._note(target, "update", table, "update")
            self._note(target, "delete", table, "update")  # which stands for what is not known closer, too

    def _note(self, target: Table[Any], kind: Kind, table: Table[Any], effect: Kind) -> None:
        self._dependents.setdefault((target.fullname, kind), []).append((table.fullname, effect))


def add(found: dict[str, set[Key] | None], table: str, key: Key | None) -> None:
    """Note that a row, or any row, of a table changed."""
    keys = found.setdefault(table, set())
    if key is None:
        found[table] = None
    elif keys is not None:
        keys.add(key)


def is_link(table: Table[Any]) -> bool:
    """Tell whether a table joins rows of others: its primary key, or all it has, refers to them."""
    columns = list(table.primary_key.columns) or list(table.columns)
    return len(columns) > 1 and all(column.foreign_keys for column in columns)


def link_to(table: Table[Any], key: ForeignKey) -> Link:
    target = key.column.table
    alone = len(target.primary_key.columns) == 1 and key.column.primary_key
    columns = list(table.primary_key.columns)
    return Link(target.fullname, columns.index(key.parent) if alone and key.parent in columns else None)


def target_of(key: ForeignKey) -> Table[Any] | None:
    """Return the table a foreign key refers to, or `None` when no installed app has it."""
    try:
        return key.column.table
    except NoReferenceError:
        return None
