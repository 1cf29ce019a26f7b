"""Callers remembered from one request to the next, until something about them changes."""

import copy
import time
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict, set_committed_value

from framework.auth.lookups import Found
from framework.auth.models import ApiKey, Login
from framework.auth.settings import UserCacheSettings
from framework.db import Changes, Database, ReadSession
from framework.users import UserBase

__all__ = ["UserCache"]

ATOMS = (str, int, float, bool, bytes, Decimal, date, datetime, timedelta, UUID, Enum, type(None))
EAGER = ("joined", "selectin", "subquery", "immediate")

type Key = tuple[Hashable, ...]


class UserRow:
    """The columns of a user as they were read. Every request gets a user of its own, made of them."""

    def __init__(self, user: UserBase) -> None:
        mapper = inspect(type(user))
        loaded = instance_dict(user)
        values = {key: copy.deepcopy(loaded[key]) for key in mapper.column_attrs.keys() if key in loaded}  # noqa: SIM118
        self._mutable = [key for key, value in values.items() if not isinstance(value, ATOMS)]
        self._values = values
        self.template: Any = mapper.class_manager.new_instance()
        instance_dict(self.template).update(values)
        make_transient_to_detached(self.template)

    def user_of(self, reading: ReadSession) -> UserBase:
        """Return a user of `reading`: as one that it read itself, changing it is an error and not lost."""
        # A ReadSession refuses `merge`, which may write; this one asks the database nothing and copies.
        user = SyncSession.merge(reading.sync_session, self.template, load=False)
        for key in self._mutable:
            set_committed_value(user, key, copy.deepcopy(self._values[key]))
        return cast("UserBase", user)


@dataclass(frozen=True, slots=True)
class Entry:
    """What was found by some credentials, without its user, and until when that may be told."""

    found: Found
    row: UserRow
    until: float


class UserCache:
    """Remembers what was found for credentials, for `user_cache.seconds` at most. One for the whole project.

    What this process commits counts at once: a change of the user, the login or the key drops what was remembered of
    them, one of which nobody knows which rows it changed drops everything. What another process commits counts when
    the time is over.
    """

    def __init__(self, settings: UserCacheSettings, model: type[UserBase]) -> None:
        self._seconds = settings.seconds
        self._size = settings.size
        self._model = model
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._of: dict[Key, set[Key]] = {}
        """Which entries go with a row: by model and key."""
        self._changes = 0
        self._watched: Database | None = None

    @property
    def is_on(self) -> bool:
        """Whether anything is remembered: only where somebody tells what is committed."""
        return self._watched is not None

    def watch(self, database: Database) -> None:
        """Begin to remember what is read from a database, if the settings say so.

        Users with relations that are read along with them are not remembered: they are more than a row.
        """
        if self._seconds <= 0 or any(each.lazy in EAGER for each in inspect(self._model).relationships):
            return
        self.clear()
        if self._watched is not database:
            self._watched = database
            database.on_change(self.forget)

    @property
    def moment(self) -> int:
        """Where the cache is in the order of changes: ask before reading what is to be remembered."""
        return self._changes

    def find(self, key: Key, reading: ReadSession) -> Found | None:
        """Return what is remembered for `key`, its user one of `reading`, or `None`."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.until <= time.monotonic():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.found._replace(user=entry.row.user_of(reading))

    def remember(self, key: Key, found: Found, reading: ReadSession, moment: int) -> None:
        """Keep what `reading` read since `moment`.

        Not when something was changed meanwhile: it may be from before. Nor when it was read through the scope's
        `Session`, which sees what is not committed and may never be.
        """
        if moment != self._changes or inspect(found.user).session is not reading.sync_session:
            return
        self._drop(key)
        row = UserRow(found.user)
        self._entries[key] = Entry(found._replace(user=row.template), row, time.monotonic() + self._seconds)
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
    yield "user", found.user.id
    if found.id is not None:
        yield "row", found.id
