"""One value made for all who ask: in this process by one of them, in all processes by one of those."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from framework.cache.codecs import Codec, Mismatch, unfit
from framework.cache.entries import Entry
from framework.cache.locks import Lock, pauses
from framework.cache.tags import Tag, stands
from framework.errors import DomainError, NotFound, Unavailable

if TYPE_CHECKING:
    from framework.cache.cache import Cache

__all__ = ["Computing", "Recipe"]

log = logging.getLogger("framework.cache")

_at_work: ContextVar[frozenset[str]] = ContextVar("at_work", default=frozenset())
"""The keys that are being made further up: who asks for one of them again would wait for itself."""


@dataclass(frozen=True, slots=True)
class Recipe[T]:
    """How to get one value."""

    key: str
    """As the backend sees it."""
    codec: Codec[T]
    make: Callable[[], Awaitable[T]]
    ttl: float | None = None
    tags: tuple[str, ...] = ()
    """What it depends on, as far as that is known before it is made."""
    tags_of: Callable[[T], Iterable[Tag]] | None = None
    """What else it depends on, seen from the value."""
    stale: float = 0
    """How long after its time it is still given out while a new one is made."""
    missing: float = 0
    """How long it is remembered that making it raised `NotFound`."""
    lock: float = 10
    """After how long others take over from a process that crashed while it made the value."""
    remake: Callable[[], Awaitable[T]] | None = None
    """Makes it in the background, when the caller's own means are gone."""


type Outcome = Entry | DomainError | Literal["failed", "cancelled"]
"""What a flight ended with. When it failed, the others help themselves; when it was cancelled, one of them flies."""


class Computing:
    """Gets values for the callers of one cache."""

    def __init__(self, cache: "Cache") -> None:
        self._cache = cache
        self._flights: dict[str, asyncio.Future[Outcome]] = {}
        self._renewals: dict[str, asyncio.Task[None]] = {}

    async def obtain[T](self, recipe: Recipe[T]) -> T:
        """Return the value of a recipe: the one that is kept, or a new one."""
        entry = await self.find(recipe)
        if entry is not None:
            try:
                value = self.value_of(entry, recipe)
            except Mismatch:
                await self._cache.remove([recipe.key])
            else:
                if entry.stale_at and entry.stale_at <= time.time():
                    self._renew_soon(recipe)
                return value
        entry = await self._join(recipe)
        try:
            return self.value_of(entry, recipe)
        except Mismatch as error:
            raise unfit(recipe.codec.type, error.__cause__ or error) from error

    def value_of[T](self, entry: Entry, recipe: Recipe[T]) -> T:
        """Return the value in an entry; raise the `NotFound` in one that says that there is none."""
        if entry.absent:
            said = json.loads(entry.payload)
            raise NotFound(said["subject"], detail=said["detail"], code=said["code"])
        return recipe.codec.load(entry.payload)

    async def find[T](self, recipe: Recipe[T]) -> Entry | None:
        """Return what is kept and still good, also when its time is over, or `None`."""
        cache = self._cache
        try:
            found, *versions = await cache.read([recipe.key, *(cache.tags.key(name) for name in recipe.tags)])
            entry = Entry.decode(found) if found is not None else None
            if entry is None or not recipe.codec.accepts(entry.mark):
                return None
            if entry.versions:
                known = dict(zip(recipe.tags, versions, strict=True))
                if not known.keys() >= entry.versions.keys():
                    return (await cache.tags.good({"": entry})).get("")
                if not stands(entry, known):
                    return None
        except Unavailable:
            return None
        return entry

    async def _join[T](self, recipe: Recipe[T]) -> Entry:
        """Wait for the caller that is making the value, or be that caller."""
        if recipe.key in _at_work.get():
            return await self._made(recipe)
        while (flight := self._flights.get(recipe.key)) is not None:
            outcome = await asyncio.shield(flight)
            if isinstance(outcome, Entry):
                return outcome
            if isinstance(outcome, DomainError):
                raise outcome
            if outcome == "failed":
                return await self._made(recipe)
        return await self._lead(recipe)

    async def _lead[T](self, recipe: Recipe[T]) -> Entry:
        flight = self._flights[recipe.key] = asyncio.get_running_loop().create_future()
        before = _at_work.set(_at_work.get() | {recipe.key})
        outcome: Outcome = "failed"
        try:
            outcome = await (self._computed(recipe) if self._cache.shared else self._made(recipe))
            return outcome
        except DomainError as error:
            if not isinstance(error, Unavailable):
                outcome = error
            raise
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            _at_work.reset(before)
            del self._flights[recipe.key]
            flight.set_result(outcome)

    async def _computed[T](self, recipe: Recipe[T]) -> Entry:
        """Make the value unless another process does; then wait for it, or take over when that one fails."""
        lock = Lock(self._cache, f"{self._cache.prefix}making:{recipe.key}", ttl=recipe.lock)
        try:
            for pause in pauses():
                if await lock.acquire(wait=0):
                    break
                await asyncio.sleep(pause)
                if (entry := await self.find(recipe)) is not None:
                    return entry
        except Unavailable:
            return await self._made(recipe)
        try:
            # Somebody may have been faster than the lock.
            return await self.find(recipe) or await self._made(recipe)
        finally:
            await lock.release()

    async def _made[T](self, recipe: Recipe[T], make: Callable[[], Awaitable[T]] | None = None) -> Entry:
        """Make the value and keep it, unless what it depends on changed meanwhile."""
        began = time.monotonic()
        try:
            versions = await self._cache.tags.versions(recipe.tags) if recipe.tags else {}
        except Unavailable:
            versions = None
        try:
            value = await (make or recipe.make)()
        except NotFound as error:
            if not recipe.missing:
                raise
            said = {"subject": error.subject, "detail": error.detail, "code": error.code}
            entry = Entry(json.dumps(said).encode(), recipe.codec.mark, versions=versions or {}, absent=True)
        else:
            entry = Entry(recipe.codec.dump(value), recipe.codec.mark, versions=versions or {})
            if recipe.tags_of is not None and versions is not None:
                versions = await self._more_versions(recipe.tags_of(value), versions, began)
        if versions is not None:
            entry = await self._kept(recipe, entry, versions)
        return entry

    async def _more_versions(
        self, tags: Iterable[Tag], versions: dict[str, bytes], began: float
    ) -> dict[str, bytes] | None:
        """Return the versions with those of tags that only the value told, `None` if one changed while it was made."""
        names = [name for name in self._cache.tags.names(tags) if name not in versions]
        if not names:
            return versions
        try:
            more = await self._cache.tags.versions(names)
            if await self._cache.tags.changed_within(names, time.monotonic() - began):
                return None
        except Unavailable:
            return None
        return versions | more

    async def _kept[T](self, recipe: Recipe[T], entry: Entry, versions: dict[str, bytes]) -> Entry:
        cache = self._cache
        asked = cache.ttl if recipe.ttl is None else recipe.ttl
        ttl = cache.shortened(min(asked, recipe.missing) if entry.absent and asked else asked)
        stale_at = time.time() + ttl if recipe.stale and ttl and not entry.absent else 0
        entry = Entry(entry.payload, entry.mark, stale_at, versions, entry.absent)
        with suppress(Unavailable):  # nothing stood there before that would be wrong now
            await cache.write({recipe.key: entry.encode()}, ttl + recipe.stale if ttl and stale_at else ttl)
        return entry

    def _renew_soon[T](self, recipe: Recipe[T]) -> None:
        if recipe.key not in self._renewals and recipe.key not in self._flights:
            task = asyncio.get_running_loop().create_task(self._renewed(recipe))
            self._renewals[recipe.key] = task
            task.add_done_callback(lambda _: self._renewals.pop(recipe.key, None))

    async def _renewed[T](self, recipe: Recipe[T]) -> None:
        """Make a value anew that is still given out, unless another process is at it."""
        lock = Lock(self._cache, f"{self._cache.prefix}making:{recipe.key}", ttl=recipe.lock)
        try:
            if not await lock.acquire(wait=0):
                return
            try:
                entry = await self.find(recipe)
                if entry is None or entry.stale_at <= time.time():
                    await self._made(recipe, recipe.remake)
            finally:
                await lock.release()
        except Exception:
            log.exception("A value could not be made anew; the old one is given out until its time is over.")

    async def close(self) -> None:
        """Stop making values in the background."""
        tasks = list(self._renewals.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
