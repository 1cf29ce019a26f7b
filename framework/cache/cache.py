"""What services ask for: typed values under keys, for a while."""

import random
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar, overload

from typing_extensions import TypeForm

from framework.cache.codecs import Codec, Codecs, Mismatch
from framework.cache.computing import Computing, Recipe
from framework.cache.entries import Entry, writable
from framework.cache.locks import Lock
from framework.cache.tags import Tag, Tags, changed_names_of
from framework.cache.work import reading_for, uncommitted
from framework.errors import Unavailable

__all__ = ["Cache"]


class Cache(ABC):
    """Typed values under keys, for a while. A value may be gone at any time.

    Where the server behind it does not answer, the cache is as good as empty: reading finds nothing, writing keeps
    nothing, and what is to be deleted or invalidated is deleted once the server is back, before anything is read. Only
    what decides something (`add`, `increment`, `touch`, `lock`) then raises `Unavailable`.

    A backend implements the methods that take bytes, from `read` to `own_remove`; each raises `Unavailable` when it
    cannot tell. `framework.testing.contracts.CacheContract` tests one.
    """

    shared: ClassVar[bool] = False
    """Whether other processes see what is stored."""

    def __init__(self, *, prefix: str = "", version: int = 1, ttl: float = 300, jitter: float = 0.1) -> None:
        self.prefix = prefix
        self.version = version
        self.ttl = ttl
        self.jitter = jitter
        self.codecs = Codecs()
        self.tags = Tags(self)
        self.computing = Computing(self)

    # Values --------------------------------------------------------------------------------------------------------

    @overload
    async def get(self, key: str) -> Any: ...
    @overload
    async def get[T](self, key: str, type_: TypeForm[T]) -> T | None: ...
    @overload
    async def get[T, D](self, key: str, type_: TypeForm[T], default: D) -> T | D: ...
    async def get(self, key: str, type_: Any = Any, default: Any = None) -> Any:
        """Return the value of `key` as a `type_`, or `default` when there is none that is still good.

        What was stored for another type is none, unless nobody said for which and it fits.
        """
        return (await self.get_many([key], type_)).get(key, default)

    @overload
    async def get_many(self, keys: Iterable[str]) -> dict[str, Any]: ...
    @overload
    async def get_many[T](self, keys: Iterable[str], type_: TypeForm[T]) -> dict[str, T]: ...
    async def get_many(self, keys: Iterable[str], type_: Any = Any) -> dict[str, Any]:
        """Return the values there are, by key."""
        asked = list(keys)
        codec = self.codecs.of(type_)
        try:
            found = await self.read([self.key(key) for key in asked])
            entries = {key: Entry.decode(data) for key, data in zip(asked, found, strict=True) if data is not None}
            good = await self.tags.good({key: entry for key, entry in entries.items() if entry is not None})
        except Unavailable:
            return {}
        values: dict[str, Any] = {}
        for key, entry in good.items():
            try:
                values[key] = self.value_of(entry, codec)
            except Mismatch:
                continue
        return values

    async def set[T](
        self,
        key: str,
        value: T,
        type_: TypeForm[T] | None = None,
        *,
        ttl: float | None = None,
        tags: Iterable[Tag] = (),
    ) -> None:
        """Keep `value` for `ttl` seconds; 0 keeps it until it is removed, and left out the settings say how long.

        It is written as a `type_`, or as what it is. One with tags is removed instead when its caller changed one of
        them and has not committed it, or has been reading since before one of them changed: what it sees may be old.
        """
        await self.set_many({key: value}, type_, ttl=ttl, tags=tags)

    async def set_many[T](
        self,
        values: Mapping[str, T],
        type_: TypeForm[T] | None = None,
        *,
        ttl: float | None = None,
        tags: Iterable[Tag] = (),
    ) -> None:
        """Keep every value, as `set` does."""
        data = {self.key(key): self.entry_of(value, type_) for key, value in values.items()}
        try:
            names = self.tags.names(tags)
            versions = await self.tags.versions(names) if names else {}
            if names and await self._may_be_old(names):
                await self.delete_many(values)
                return
            for entry in data.values():
                entry.versions = versions
            await self.write({key: entry.encode() for key, entry in data.items()}, self.seconds(ttl))
        except Unavailable:
            await self.delete_many(values)  # once it is back: what was there before is no longer so

    async def _may_be_old(self, names: Iterable[str]) -> bool:
        """Tell whether the caller sees the tags other than all others do."""
        if not uncommitted().isdisjoint(names):
            return True
        reading = reading_for()
        return bool(reading and await self.tags.changed_since(names, time.monotonic() - reading))

    async def add[T](self, key: str, value: T, type_: TypeForm[T] | None = None, *, ttl: float | None = None) -> bool:
        """Keep `value` unless `key` has one, and tell whether it was kept: one caller of many gets `True`."""
        return await self.write_new(self.key(key), self.entry_of(value, type_).encode(), self.seconds(ttl))

    async def delete(self, key: str) -> None:
        """Remove `key`. Nothing happens when there is none.

        While the server does not answer, it is done later, or again: also to what was added since.
        """
        await self.delete_many([key])

    async def delete_many(self, keys: Iterable[str]) -> None:
        """Remove the keys."""
        await self.remove([self.key(key) for key in keys])

    async def increment(self, key: str, amount: int = 1, *, ttl: float | None = None) -> int:
        """Add to a counter and return what it is then. One that is not there begins at 0 and lives for `ttl` seconds.

        `get(key, int)` reads it. Raises an error when `key` holds something else.
        """
        return await self.count(self.key(key), amount, self.seconds(ttl))

    async def touch(self, key: str, *, ttl: float | None = None) -> bool:
        """Let `key` live for `ttl` seconds from now, and tell whether it is there."""
        return await self.expire(self.key(key), self.seconds(ttl))

    async def get_or_set[T](
        self,
        key: str,
        make: Callable[[], Awaitable[T]],
        type_: TypeForm[T],
        *,
        ttl: float | None = None,
        tags: Iterable[Tag] = (),
        stale: float = 0,
    ) -> T:
        """Return the value of `key`; when there is none, what `make()` returns, kept from then on.

        Of any number of callers at once, in all processes, one makes it and the others wait; should it fail, another
        tries, and then they fail too. For `stale` seconds after its time one caller makes a new value, and the others
        get the old one meanwhile. A value that was made while one of `tags` changed is not kept.
        """
        return await self.computing.obtain(
            Recipe(self.key(key), self.codecs.of(type_), make, ttl=ttl, tags=self.tags.names(tags), stale=stale)
        )

    async def invalidate(self, *tags: Tag) -> None:
        """Forget everything with one of the tags: a text, a model (`Post`), or a row (`post`)."""
        await self.tags.invalidate(name for tag in tags for name in changed_names_of(tag))

    @asynccontextmanager
    async def lock(self, name: str, *, ttl: float = 30, wait: float | None = None) -> AsyncGenerator[Lock]:
        """Hold the lock `name` until the block ends; nobody else does meanwhile, in any process.

        Waits for `wait` seconds, without a limit when left out, then raises `Unavailable`. It is renewed while the
        block runs; of a holder that crashed it is free after `ttl` seconds. A holder cut off from the server for that
        long has lost it: `lock.held` tells.
        """
        lock = Lock(self, writable(f"{self.prefix}lock:{name}"), ttl=ttl)
        try:
            if not await lock.acquire(wait=wait):
                raise Unavailable("lock", retry_after=ttl, detail="Somebody else is at it.", code="cache.locked")
            yield lock
        finally:
            await lock.release()

    # What values become --------------------------------------------------------------------------------------------

    def key(self, key: str) -> str:
        """Return the key that the backend sees."""
        return writable(f"{self.prefix}{self.version}:{key}")

    def seconds(self, ttl: float | None) -> float | None:
        """Return how long to keep a value, `None` for ever. A time that nobody asked for is shortened by chance.

        So that values stored together are not all made anew together.
        """
        if ttl is None:
            return self.shortened(self.ttl)
        return ttl or None

    def shortened(self, ttl: float) -> float | None:
        """Return `ttl` with the jitter taken off, `None` for ever."""
        return ttl * (1 - self.jitter * random.random()) or None  # noqa: S311 - no secret

    def entry_of(self, value: Any, type_: Any) -> Entry:
        """Return a value as it is stored."""
        if type_ is None:
            return Entry(self.codecs.of(type(value)).dump(value))
        return Entry.of(value, self.codecs.of(type_))

    def value_of[T](self, entry: Entry, codec: Codec[T]) -> T:
        """Return the value in an entry. Raises `Mismatch` when it is of another type."""
        if not codec.accepts(entry.mark) or entry.absent or (entry.stale_at and entry.stale_at <= time.time()):
            raise Mismatch
        return entry.load(codec)

    # What backends do ----------------------------------------------------------------------------------------------

    @abstractmethod
    async def read(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Return what each key holds, `None` for nothing."""

    @abstractmethod
    async def write(self, values: Mapping[str, bytes], ttl: float | None) -> None:
        """Let each key hold its bytes for `ttl` seconds, for ever when `None`."""

    @abstractmethod
    async def write_new(self, key: str, value: bytes, ttl: float | None) -> bool:
        """Let `key` hold the bytes if it holds nothing, and tell whether it does now. Atomic."""

    @abstractmethod
    async def renew(self, keys: Sequence[str], ttl: float) -> None:
        """Let each key hold a `changed_version()`. When that cannot be done now, it is done before the next `read`.

        Never raises. Done twice, it is another version each time: between the two, the first may have been replaced.
        """

    @abstractmethod
    async def remove(self, keys: Sequence[str]) -> None:
        """Let the keys hold nothing. When that cannot be done now, it is done before the next `read`; never raises."""

    @abstractmethod
    async def count(self, key: str, amount: int, ttl: float | None) -> int:
        """Add to the decimal number that `key` holds and return it; from 0, and with `ttl`, if it holds nothing."""

    @abstractmethod
    async def expire(self, key: str, ttl: float | None) -> bool:
        """Let `key` hold what it holds for `ttl` seconds from now, and tell whether it holds anything."""

    @abstractmethod
    async def remaining(self, keys: Sequence[str]) -> Sequence[float | None]:
        """Return for how many seconds more each key holds something; `None` for ever, 0 for nothing."""

    @abstractmethod
    async def own_expire(self, key: str, value: bytes, ttl: float) -> bool:
        """The same as `expire`, but only if `key` holds exactly `value`. Atomic."""

    @abstractmethod
    async def own_remove(self, key: str, value: bytes) -> bool:
        """Let `key` hold nothing if it holds exactly `value`, and tell whether it did. Atomic."""

    async def write_new_and_read(
        self, key: str, value: bytes, ttl: float | None, keys: Sequence[str]
    ) -> tuple[bool, Sequence[bytes | None]]:
        """The same as `write_new`, and then `read`: for a backend that can do both in one turn."""
        return await self.write_new(key, value, ttl), await self.read(keys)

    async def write_and_own_remove(
        self, values: Mapping[str, bytes], ttl: float | None, key: str, value: bytes
    ) -> None:
        """The same as `write`, and then `own_remove`: for a backend that can do both in one turn."""
        await self.write(values, ttl)
        await self.own_remove(key, value)

    async def ping(self) -> None:  # noqa: B027 - memory has nothing to ask
        """Raise `Unavailable` when the cache cannot be used."""

    async def close(self) -> None:  # noqa: B027 - and nothing to give back
        """Give back what the cache holds. A cache that is used again opens anew."""
