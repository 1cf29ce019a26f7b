"""What one transaction has changed so far."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from framework.db.changes.changes import Key

__all__ = ["ChangeLog", "Entry", "Kind"]

type Kind = Literal["insert", "update", "delete"]


class Entry(NamedTuple):
    """One change of a table."""

    table: str
    kind: Kind
    """What decides on the cascades; `delete` also for what is not known closer."""
    key: Key | None = None
    """The row's, or `None` for any row."""
    by_flush: bool = False
    """Whether the session's flush made it and can tell the rows."""


class ChangeLog:
    """The changes of one transaction, in order, so that a savepoint takes back those made since it began."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.texts: list[str] = []
        """Statements as text that seem to write: nobody knows which tables."""
        self.touched = False
        """Whether `Session.touch` said what they change."""
        self.committing = False
        self._savepoints: dict[str, int] = {}
        self._flush_began = 0

    def __bool__(self) -> bool:
        return bool(self.entries or self.texts)

    def savepoint(self, action: Literal["begin", "release", "rollback"], name: str) -> None:
        """Note that a savepoint begins, that it is over and its changes stay, or that they are taken back."""
        if action == "begin":
            self._savepoints[name] = len(self.entries)
        elif action == "release":
            self._savepoints.pop(name, None)
        else:
            del self.entries[self._savepoints.get(name, 0) :]

    def begin_flush(self) -> None:
        """Note that the session begins to write what waits in it."""
        self._flush_began = len(self.entries)

    def end_flush(self, rows: Iterable[tuple[str, Key]]) -> None:
        """Put the rows that the flush wrote in the place of their tables."""
        entries, self.entries[self._flush_began :] = self.entries[self._flush_began :], []
        kinds: dict[str, set[Kind]] = {}
        for entry in entries:
            if entry.by_flush:
                kinds.setdefault(entry.table, set()).add(entry.kind)
            else:
                self.entries.append(entry)
        for table, key in rows:
            self.entries += [Entry(table, kind, key) for kind in kinds.get(table, ())]
        known = {entry.table for entry in self.entries[self._flush_began :] if entry.key is not None}
        self.entries += [entry for entry in entries if entry.by_flush and entry.table not in known]

    def clear(self) -> None:
        """Forget everything."""
        self.__init__()
