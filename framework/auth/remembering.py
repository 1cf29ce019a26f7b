"""What the caches of callers and of permissions share: when they remember at all, and what is too late to be kept."""

from abc import ABC, abstractmethod

from framework.auth.settings import UserCacheSettings
from framework.db import Changes, Database

__all__ = ["Remembering"]


class Remembering(ABC):
    """Remembers what is read from a database, until something about it is committed, or `user_cache.seconds` ended."""

    def __init__(self, settings: UserCacheSettings) -> None:
        self._seconds = settings.seconds
        self._size = settings.size
        self._changes: int = 0
        self._watched: Database | None = None

    @property
    def is_on(self) -> bool:
        """Whether anything is remembered: only where somebody tells what is committed."""
        return self._watched is not None

    def watch(self, database: Database) -> None:
        """Begin to remember what is read from a database, if the settings say so."""
        if self._seconds <= 0:
            return
        self.clear()
        if self._watched is not database:
            self._watched = database
            database.on_change(self.forget)

    @property
    def moment(self) -> int:
        """Where the cache is in the order of changes: ask before reading what is to be remembered."""
        return self._changes

    @abstractmethod
    def forget(self, changes: Changes) -> None:
        """Drop what a committed transaction may have changed."""

    @abstractmethod
    def clear(self) -> None:
        """Drop everything."""
