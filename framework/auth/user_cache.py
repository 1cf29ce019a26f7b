"""Callers remembered from one request to the next, until something about them changes."""

import time
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from framework.auth.lookups import Found
from framework.auth.models import ApiKey, Login
from framework.auth.remembering import Remembering
from framework.auth.settings import UserCacheSettings
from framework.auth.user_rows import kept
from framework.db import Changes
from framework.users import UserBase

__all__ = ["UserCache"]

type Key = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What was found by some credentials, and until when that may be told."""

    found: Found
    until: float


class UserCache(Remembering):
    """Remembers what was found for credentials, for `user_cache.seconds` at most. One for the whole project.

    What this process commits counts at once: a change of the user, the login or the key drops what was remembered of
    them, one of which nobody knows which rows it changed drops everything. What another process commits counts when
    the time is over.
    """

    def __init__(self, settings: UserCacheSettings, model: type[UserBase]) -> None:
        super().__init__(settings)
        self._model = model
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._of: dict[Key, set[Key]] = {}
        """Which entries go with a row: by model and key."""

    def find(self, key: Key) -> Found | None:
        """Return what is remembered for `key`, or `None`. Values that can be changed are the caller's own."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.until <= time.monotonic():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.found._replace(values=kept(entry.found.values))

    def remember(self, key: Key, found: Found, moment: int) -> None:
        """Keep what was read since `moment`, unless something was changed meanwhile: it may be from before."""
        if moment != self._changes:
            return
        self._drop(key)
        self._entries[key] = Entry(found._replace(values=kept(found.values)), time.monotonic() + self._seconds)
        for each in rows_of(found):
            self._of.setdefault(each, set()).add(key)
        if len(self._entries) > self._size:
            self._drop(next(iter(self._entries)))

    def forget(self, changes: Changes) -> None:
        """Drop what a committed transaction may have changed."""
        for name, model in (("user", self._model), ("row", Login), ("row", ApiKey)):
            if model not in changes:
                continue
            self._changes += 1
            rows = changes.keys(model)
            if rows is None:
                self.clear()
            else:
                self._forget((name, *row) for row in rows)

    def clear(self) -> None:
        """Drop everything."""
        self._entries.clear()
        self._of.clear()

    def _forget(self, rows: Iterable[Key]) -> None:
        for row in rows:
            for key in list(self._of.get(row, ())):
                self._drop(key)

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        for row in rows_of(entry.found):
            keys = self._of[row]
            keys.discard(key)
            if not keys:
                del self._of[row]


def rows_of(found: Found) -> Iterable[Key]:
    """Yield the rows that an entry goes with."""
    yield "user", found.user_id
    if found.id is not None:
        yield "row", found.id
