"""Permissions remembered from one request to the next, until something about them changes."""

import time
from collections import OrderedDict

from framework.auth.models import Group, GroupPermission, Permission, UserGroup, UserPermission
from framework.auth.settings import UserCacheSettings
from framework.db import Changes, Database
from framework.users import UserBase

__all__ = ["PermissionCache"]

GRANTS = (Permission, Group, GroupPermission, UserGroup, UserPermission)


class PermissionCache:
    """Remembers what users may do, for `user_cache.seconds` at most. One for the whole project.

    Permissions change seldom, and by groups for many at once: whatever this process commits about them drops
    everything. What another process commits counts when the time is over.
    """

    def __init__(self, settings: UserCacheSettings) -> None:
        self._seconds = settings.seconds
        self._size = settings.size
        self._entries: OrderedDict[tuple[int, bool], tuple[frozenset[str], float]] = OrderedDict()
        self._changes = 0
        self._watched: Database | None = None

    @property
    def is_on(self) -> bool:
        """Whether anything is remembered: only where somebody tells what is committed."""
        return self._watched is not None

    def watch(self, database: Database) -> None:
        """Begin to remember what is read from a database, if the settings say so."""
        if self._seconds <= 0:
            return
        self._entries.clear()
        if self._watched is not database:
            self._watched = database
            database.on_change(self.forget)

    @property
    def moment(self) -> int:
        """Where the cache is in the order of changes: ask before reading what is to be remembered."""
        return self._changes

    def find(self, user: UserBase) -> frozenset[str] | None:
        """Return what is remembered of a user's permissions, or `None`."""
        key = user.id, user.is_superuser
        names, until = self._entries.get(key, (None, 0))
        if names is None or until <= time.monotonic():
            return None
        self._entries.move_to_end(key)
        return names

    def remember(self, user: UserBase, names: frozenset[str], moment: int) -> None:
        """Keep what was read since `moment`, unless something was changed meanwhile: it may be from before."""
        if moment != self._changes:
            return
        key = user.id, user.is_superuser
        self._entries[key] = names, time.monotonic() + self._seconds
        self._entries.move_to_end(key)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def forget(self, changes: Changes) -> None:
        """Drop everything when a committed transaction changed anything of it."""
        if any(model in changes for model in GRANTS):
            self._changes += 1
            self._entries.clear()
