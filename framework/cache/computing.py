"""One value made for all who ask: in this process by one of them, in all processes by one of those."""

import asyncio
import json
import logging
import math
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.cache.codecs import Codec, Mismatch, unfit
from framework.cache.entries import NO_VERSIONS, Entry
from framework.cache.flights import Failure, Flight, Outcome, Unshared, Versions
from framework.cache.locks import Lock, pauses
from framework.cache.tags import Tag, stands
from framework.cache.work import reading_for, uncommitted
from framework.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from framework.cache.cache import Cache

__all__ = ["Computing", "Recipe"]

log = logging.getLogger("framework.cache")

UNSHARED = 10.0
"""Seconds for which all that ask make their own, in all processes, after one that only its caller could have.

Those who waited for such a one would go one by one, for nothing.
"""

_at_work: ContextVar[frozenset[str]] = ContextVar("at_work", default=frozenset())
"""The keys that are being made further up: who asks for one of them again would wait for itself."""


@dataclass(slots=True)  # not frozen: that doubles the time to make one, and every hit makes one
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


class Made(NamedTuple):
    """A value that was made."""

    entry: Entry
    is_for_all: bool = True
    """Whether others may have it. Not what somebody saw who has been reading since before a change, or who wrote."""


class Computing:
    """Gets values for the callers of one cache."""

    def __init__(self, cache: "Cache") -> None:
        self._cache = cache
        self._flights: dict[str, Flight] = {}
        self._renewing: set[str] = set()
        """The keys whose values are made anew while the old ones are given out."""
        self._renewals: dict[asyncio.Task[Any], str] = {}
        self._finishing: set[asyncio.Task[None]] = set()

    async def obtain[T](self, recipe: Recipe[T]) -> T:
        """Return the value of a recipe: the one that is kept, or a new one.

        A caller that has changed what the value depends on, and not committed it, gets one of its own.
        """
        changed = uncommitted()
        if changed and not changed.isdisjoint(recipe.tags):
            return await self._own(recipe)
        entry, versions = await self.find(recipe)
        if entry is not None and not entry.unshared:
            try:
                value = self.value_of(entry, recipe)
            except Mismatch:
                await self._cache.remove([recipe.key])
            else:
                if changed and not changed.isdisjoint(entry.versions):
                    return await self._own(recipe)
                if entry.stale_at and entry.stale_at <= time.time():
                    return await self._renew(recipe, value)
                return value
        if changed and not recipe.tags:  # nobody said that the changes have nothing to do with it
            return await self._own(recipe)
        if entry is None:
            entry = await self._join(recipe, versions)
        if entry.unshared:
            entry = (await self._made(recipe)).entry
        try:
            return self.value_of(entry, recipe)
        except Mismatch as error:
            raise unfit(recipe.codec.type, error.__cause__ or error) from error

    def value_of[T](self, entry: Entry, recipe: Recipe[T]) -> T:
        """Return the value in an entry; raise the `NotFound` in one that says that there is none."""
        if entry.absent:
            said = json.loads(entry.payload)
            raise NotFound(said["subject"], detail=said["detail"], code=said["code"])
        return entry.load(recipe.codec)

    async def _own[T](self, recipe: Recipe[T]) -> T:
        """Make the value for one caller, the way it would come from the cache."""
        return recipe.codec.load(recipe.codec.dump(await recipe.make()))

    async def find[T](self, recipe: Recipe[T]) -> tuple[Entry | None, Versions]:
        """Return what is kept and still good, also when its time is over, or `None`; and how the tags stand."""
        try:
            held = await self._cache.read(self._keys(recipe))
        except Unavailable:
            return None, NO_VERSIONS
        return await self._judged(recipe, held)

    def _keys[T](self, recipe: Recipe[T]) -> list[str]:
        return [recipe.key, *map(self._cache.tags.key, recipe.tags)] if recipe.tags else [recipe.key]

    async def _judged[T](self, recipe: Recipe[T], held: Sequence[bytes | None]) -> tuple[Entry | None, Versions]:
        """Return what is good of what the keys of a recipe hold, and how the tags stand."""
        versions: Versions = dict(zip(recipe.tags, held[1:], strict=True)) if recipe.tags else NO_VERSIONS
        found = held[0]
        entry = Entry.decode(found) if found is not None else None
        if entry is None or not recipe.codec.accepts(entry.mark):
            return None, versions
        if not entry.versions:
            return entry, versions
        if versions.keys() >= entry.versions.keys():
            return entry if stands(entry, versions) else None, versions
        try:
            return (await self._cache.tags.good({"": entry})).get(""), versions
        except Unavailable:
            return None, NO_VERSIONS

    async def _join[T](self, recipe: Recipe[T], versions: Versions) -> Entry:
        """Wait for the caller that is making the value, or be that caller."""
        if recipe.key in _at_work.get():
            return (await self._made(recipe)).entry
        tags = self._cache.tags
        known = versions if recipe.tags_of is None else None  # what else it depends on, nobody knows yet
        has_failed = False
        flight = self._flights.get(recipe.key)
        if flight is not None and not flight.sees(tags.changes, known):
            flight = None
        earlier = flight
        while flight is not None:
            outcome: Outcome | None = await asyncio.shield(flight.outcome)
            if isinstance(outcome, Entry) and flight is earlier and flight.found:
                outcome, _ = await self.find(recipe)  # that was read, and maybe before this caller asked
            if isinstance(outcome, Entry):
                return outcome
            flight = self._flights.get(recipe.key)  # begun since, so that it sees all
            if outcome is None or outcome == "cancelled":
                continue
            # The next one flies: it may have been the trouble of that one alone. Once, or they would queue.
            is_over, has_failed = has_failed, True
            if isinstance(outcome, Failure) and (is_over or outcome.is_an_answer):
                raise outcome.error.with_traceback(outcome.trace)
            if is_over or outcome == "unshared":
                return (await self._made(recipe)).entry
        return await self._lead(recipe)

    async def _lead[T](self, recipe: Recipe[T]) -> Entry:
        flight = self._flights[recipe.key] = Flight(asyncio.get_running_loop().create_future())
        before = _at_work.set(_at_work.get() | {recipe.key})
        outcome: Outcome = "cancelled"
        try:
            made = await (self._computed(recipe, flight) if self._cache.shared else self._made(recipe, flight))
            outcome = made.entry if made.is_for_all else "own"
            return made.entry
        except Unshared:
            outcome = "unshared"
            raise
        except Exception as error:
            outcome = Failure(error, error.__traceback__)
            raise
        finally:
            _at_work.reset(before)
            if self._flights.get(recipe.key) is flight:
                del self._flights[recipe.key]
            flight.outcome.set_result(outcome)

    async def _computed[T](self, recipe: Recipe[T], flight: Flight) -> Made:
        """Make the value unless another process does; then wait for it, or take over when that one fails."""
        lock = self._lock(recipe)
        try:
            try:
                entry, versions = await self._waited_for(recipe, flight, lock)
            except Unavailable:
                return await self._made(recipe, flight)
            if entry is None:
                return await self._made(recipe, flight, lock, versions)
            flight.found = True
            return Made(entry)
        finally:
            await lock.release()

    async def _waited_for[T](self, recipe: Recipe[T], flight: Flight, lock: Lock) -> tuple[Entry | None, Versions]:
        """Return what another process makes, or `None` when the lock is held and it is ours to make."""
        for pause in pauses():
            flight.changes = self._cache.tags.changes
            # Read after the lock is held: somebody may have been faster.
            is_ours, held = await lock.try_and_read(self._keys(recipe))
            entry, versions = await self._judged(recipe, held)
            if entry is not None or is_ours:
                return entry, versions
            flight.changes = None
            await asyncio.sleep(pause)
        raise AssertionError

    def _lock[T](self, recipe: Recipe[T]) -> Lock:
        return Lock(self._cache, f"{self._cache.prefix}making:{recipe.key}", ttl=recipe.lock)

    async def _made[T](
        self,
        recipe: Recipe[T],
        flight: Flight | None = None,
        lock: Lock | None = None,
        seen: Versions = NO_VERSIONS,
        make: Callable[[], Awaitable[T]] | None = None,
    ) -> Made:
        """Make the value and keep it, unless what it depends on changed meanwhile. Keeping it lets go of the lock.

        `seen` is how the tags stood just before, where somebody looked.
        """
        changed = uncommitted()
        if flight is not None and flight.changes is None:
            flight.changes = self._cache.tags.changes
        known, names = self._cache.tags, ()
        if not known.remembers and (seen or recipe.tags_of is not None):
            with suppress(Unavailable):
                await known.remember()
        began = time.monotonic()
        versions = await self._versions(recipe, seen) if recipe.tags else {}
        if flight is not None:
            flight.versions = versions
        try:
            value = await (make or recipe.make)()
        except Unshared:
            if flight is not None or lock is not None:  # else that is what is kept
                await self._keep(recipe, Entry(b"", recipe.codec.mark, absent=True), UNSHARED, lock)
            raise
        except NotFound as error:
            if not recipe.missing:
                raise
            said = {"subject": error.subject, "detail": error.detail, "code": error.code}
            entry = Entry(json.dumps(said).encode(), recipe.codec.mark, absent=True)
        else:
            entry = Entry.of(value, recipe.codec)
            if recipe.tags_of is not None:
                names = known.names(recipe.tags_of(value))
        if uncommitted() != changed:  # it wrote, which those who got it from the cache would not do
            return Made(entry, is_for_all=False)
        reading = max(time.monotonic() - began if names else 0, reading_for())
        since = time.monotonic() - reading
        try:
            if versions is None:
                raise Unavailable("cache")
            if names:
                versions = versions | await known.versions(name for name in names if name not in versions)
            if reading and versions and await known.changed_since(versions, since):
                return Made(entry, is_for_all=False)
        except Unavailable:
            return Made(entry, is_for_all=not (reading and known.changed_here_since(since)))
        return Made(await self._kept(recipe, entry, versions, lock))

    async def _versions[T](self, recipe: Recipe[T], seen: Versions) -> dict[str, bytes] | None:
        """Return how the tags stand before the value is made, `None` when nobody can tell."""
        versions = {name: version for name, version in seen.items() if version is not None}
        if len(versions) == len(recipe.tags):
            return versions
        try:
            return await self._cache.tags.versions(recipe.tags)
        except Unavailable:
            return None

    async def _kept[T](self, recipe: Recipe[T], entry: Entry, versions: dict[str, bytes], lock: Lock | None) -> Entry:
        cache = self._cache
        asked = cache.ttl if recipe.ttl is None else recipe.ttl
        ttl = cache.shortened(min(asked or math.inf, recipe.missing) if entry.absent else asked)
        stale_at = time.time() + ttl if recipe.stale and ttl and not entry.absent else 0
        entry.stale_at, entry.versions = stale_at, versions
        await self._keep(recipe, entry, ttl + recipe.stale if ttl and stale_at else ttl, lock)
        return entry

    async def _keep[T](self, recipe: Recipe[T], entry: Entry, seconds: float | None, lock: Lock | None) -> None:
        values = {recipe.key: entry.encode()}
        with suppress(Unavailable):  # nothing stood there before that would be wrong now
            await (self._cache.write(values, seconds) if lock is None else lock.write_and_release(values, seconds))

    async def _renew[T](self, recipe: Recipe[T], value: T) -> T:
        """Have a value made anew, and return what the caller gets: the old one, unless it makes the new one itself.

        In the background only with means that are not the caller's, who goes on to use its own.
        """
        if recipe.key in self._renewing or recipe.key in self._flights:
            return value
        self._renewing.add(recipe.key)
        if recipe.remake is not None:
            task = asyncio.get_running_loop().create_task(self._renewed(recipe))
            self._renewals[task] = recipe.key
            task.add_done_callback(lambda task: self._renewing.discard(self._renewals.pop(task)))
            return value
        try:
            entry = await self._renewed(recipe)
        finally:
            self._renewing.discard(recipe.key)
        with suppress(Mismatch):
            return value if entry is None else self.value_of(entry, recipe)
        return value

    async def _renewed[T](self, recipe: Recipe[T]) -> Entry | None:
        """Make a value anew that is still given out, unless another process is at it."""
        lock = self._lock(recipe)
        try:
            if await lock.acquire(wait=0):
                entry, _ = await self.find(recipe)
                if entry is None or entry.stale_at <= time.time():
                    entry = (await self._made(recipe, lock=lock, make=recipe.remake)).entry
                return entry
        except Unshared:  # what is kept instead says so
            pass
        except Exception:
            log.exception("A value could not be made anew; the old one is given out until its time is over.")
        finally:
            await lock.release()
        return None

    def finish(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what is left to do when whoever should do it was cancelled; until then, nothing is closed."""
        task = asyncio.get_running_loop().create_task(work)
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)

    async def close(self) -> None:
        """Stop making values in the background."""
        for task in self._renewals:
            task.cancel()
        await asyncio.gather(*self._renewals, return_exceptions=True)
        await asyncio.gather(*self._finishing, return_exceptions=True)
