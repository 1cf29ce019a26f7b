"""Permissions remembered from one request to the next, until something about them changes."""

import time
from collections import OrderedDict

from framework.auth.models import Group, GroupPermission, Permission, UserGroup, UserPermission
from framework.auth.remembering import Remembering
from framework.auth.settings import UserCacheSettings
from framework.db import Changes
from framework.users import UserBase

__all__ = ["PermissionCache"]

GRANTS = (Permission, Group, GroupPermission, UserGroup, UserPermission)


class PermissionCache(Remembering):
    """Remembers what users may do, for `user_cache.seconds` at most. One for the whole project.

    Permissions change seldom, and by groups for many at once: whatever this process commits about them drops
    everything. What another process commits counts when the time is over.
    """

    def __init__(self, settings: UserCacheSettings) -> None:
        super().__init__(settings)
        self._entries: OrderedDict[tuple[int, bool], tuple[frozenset[str], float]] = OrderedDict()

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
            self.clear()

    def clear(self) -> None:
        """Drop everything."""
        self._entries.clear()
