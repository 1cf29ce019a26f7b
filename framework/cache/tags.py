"""Tags: what cached values depend on, and how a change of it makes them worthless.

Every tag has a version. A value is stored with the versions that its tags had before it was made, and is good as long
as they stand: who began before a change can store only what nobody will take.

Versions may be lost, as by a server that came back empty. They are lost together with the epoch, a key that stands as
long as none was lost: who began to read before an epoch cannot tell what was changed since.
"""

import math
import os
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from framework.cache.entries import Entry, writable
from framework.errors import Unavailable

if TYPE_CHECKING:
    from sqlmodel import SQLModel

    from framework.cache.cache import Cache

__all__ = ["Tag", "Tags", "changed_names_of", "changed_version", "is_saved", "names_of", "names_of_tables"]

type Tag = "str | type[SQLModel] | SQLModel | tuple[type[SQLModel], Any]"
"""A text of yours; a model, of which any row changed; a row of it, `post` or `(Post, 1)`."""

SECONDS = 86_400.0
"""How long a version is kept. A value with tags that is older is made anew: nobody knows what happened to them."""

ROUNDED = 0.002
"""What a server's milliseconds may be off by."""

SEEN, CHANGED = b".", b"+"


class Tags:
    """The versions of the tags of one cache."""

    def __init__(self, cache: "Cache") -> None:
        self._cache = cache
        self.changes = 0
        """How often this process invalidated something. It knows that also when the cache cannot tell."""
        self._changed_at = -math.inf
        self._epoch: bytes | None = None
        self._epoch_began = math.inf

    def key(self, name: str) -> str:
        """Return the key that holds the version of a tag."""
        return writable(f"{self._cache.prefix}tag:{name}")

    def is_key(self, key: str) -> bool:
        """Tell whether a key holds a version or the epoch: if that goes, values are made anew."""
        return key.startswith(f"{self._cache.prefix}tag")

    def names(self, tags: Iterable[Tag]) -> tuple[str, ...]:
        """Return the tags that a value depends on, by name. A text or a model is one, also where it stands alone."""
        several = (tags,) if isinstance(tags, (str, type)) else tags
        return tuple(dict.fromkeys(name for tag in several for name in names_of(tag)))

    async def versions(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the version of every tag; one that has none gets one."""
        if not self.remembers:
            await self.remember()
        asked = list(names)
        found = await self._cache.read([self.key(name) for name in asked])
        return {
            name: version if version is not None else await self._first(name)
            for name, version in zip(asked, found, strict=True)
        }

    async def _first(self, name: str) -> bytes:
        version = SEEN + os.urandom(8)
        if await self._cache.write_new(self.key(name), version, SECONDS):
            return version
        (found,) = await self._cache.read([self.key(name)])
        return found or version  # one that vanished at once is nobody's, and so is what was made with it

    async def good(self, entries: Mapping[str, Entry]) -> dict[str, Entry]:
        """Return the entries whose tags have not changed."""
        names = list({name for entry in entries.values() for name in entry.versions})
        if not names:
            return dict(entries)
        found = dict(zip(names, await self._cache.read([self.key(name) for name in names]), strict=True))
        return {key: entry for key, entry in entries.items() if stands(entry, found)}

    def changed_here_since(self, began: float) -> bool:
        """Tell whether this process invalidated anything since `time.monotonic()` was `began`."""
        return self._changed_at >= began

    async def changed_since(self, names: Iterable[str], began: float) -> bool:
        """Tell whether one of the tags was changed since `time.monotonic()` was `began`, or may have been.

        It may have been when its version was lost.
        """
        if not self.remembers:
            await self.remember()
        keys = [self.key(name) for name in names]
        epoch, *found = await self._cache.read([self.epoch_key, *keys])
        if epoch != self._epoch:
            await self._begin_epoch(epoch)
        if self._epoch_began >= began:
            return True
        changed = [key for key, version in zip(keys, found, strict=True) if version and version[:1] == CHANGED]
        # Asked as time left to live, so that no clock is compared with another.
        left = await self._cache.remaining(changed)
        passed = time.monotonic() - began  # asking took its time as well
        passed += ROUNDED if self._cache.shared else 0
        return any(SECONDS - (each or 0) <= passed for each in left)

    @property
    def remembers(self) -> bool:
        """Whether it is known that no version was lost since some time."""
        return self._epoch is not None

    @property
    def epoch_key(self) -> str:
        """The key of the epoch."""
        return f"{self._cache.prefix}tags"

    async def remember(self) -> None:
        """Note the epoch, for those who begin to read from now on. Raises `Unavailable` when nobody can tell."""
        (epoch,) = await self._cache.read([self.epoch_key])
        await self._begin_epoch(epoch)

    async def _begin_epoch(self, epoch: bytes | None) -> None:
        if epoch is None:
            epoch = os.urandom(8)
            if not await self._cache.write_new(self.epoch_key, epoch, None):
                (epoch,) = await self._cache.read([self.epoch_key])
                if epoch is None:
                    raise Unavailable("cache")
        self._epoch, self._epoch_began = epoch, time.monotonic()

    def lost(self, key: str, version: bytes, ends: float) -> None:
        """Note that a cache had no room for what `key` held, until `ends` by `time.monotonic()`."""
        if version[:1] == CHANGED and key.startswith(self.key("")):
            self._epoch_began = max(self._epoch_began, ends - SECONDS)

    async def invalidate(self, names: Iterable[str]) -> None:
        """Give every tag another version, so that no value stored before is good any more."""
        self.changes += 1
        self._changed_at = time.monotonic()
        keys = [self.key(name) for name in names]
        if keys:
            await self._cache.renew(keys, SECONDS)


def changed_version() -> bytes:
    """Return a version that no tag had before, and that says that something was changed."""
    return CHANGED + os.urandom(8)


def stands(entry: Entry, versions: Mapping[str, bytes | None]) -> bool:
    """Tell whether the tags of an entry have the versions it was made with."""
    return all(versions.get(name) == version for name, version in entry.versions.items())


def names_of(tag: Any) -> list[str]:
    """Return what a value with this tag depends on. Of a row: on that row, and on changes of nobody knows which."""
    if isinstance(tag, str):
        return [tag]
    if isinstance(tag, type):
        return list(tables_of(tag))
    model, key = row_of(tag)
    return [name for table in tables_of(model) for name in (f"{table}:{key}", f"{table}:*")]


def changed_names_of(tag: Any) -> list[str]:
    """Return what changes with this tag. With a row: that row, and its model."""
    if isinstance(tag, str):
        return [tag]
    if isinstance(tag, type):
        return [name for table in tables_of(tag) for name in (table, f"{table}:*")]
    model, key = row_of(tag)
    return [name for table in tables_of(model) for name in (table, f"{table}:{key}")]


def names_of_tables(changed: Mapping[str, Iterable[tuple[Any, ...]] | None]) -> list[str]:
    """Return what changed with these rows, by table; with any row where they are not known."""
    names: list[str] = []
    for table, keys in changed.items():
        names.append(table)
        names += [f"{table}:*"] if keys is None else [f"{table}:{text_of(key)}" for key in keys]
    return names


def tables_of(model: Any) -> list[str]:
    """Return the names of the tables that hold the rows of a model."""
    return [table.fullname for table in mapper_of(model).tables]


def is_saved(row: Any) -> bool:
    """Tell whether a row has a primary key, and so a name of its own."""
    return None not in mapper_of(type(row)).primary_key_from_instance(row)


def row_of(tag: Any) -> tuple[Any, str]:
    """Return the model and the key of a row."""
    if isinstance(tag, tuple):
        model, *key = cast("tuple[Any, ...]", tag)
        return model, text_of(key)
    model = cast("Any", type(tag))
    return model, text_of(mapper_of(model).primary_key_from_instance(tag))


def mapper_of(model: Any) -> Any:
    from sqlalchemy import inspect  # not above: a project without models does not load it

    return inspect(model).mapper


def text_of(key: Iterable[Any]) -> str:
    return ":".join(str(part) for part in key)
