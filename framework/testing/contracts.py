"""Suites that every backend must pass: the framework's own, and yours.

class TestMyCache(CacheContract):
    @pytest.fixture
    async def cache(self):
        cache = MyCache(prefix="t:")
        yield cache
        await cache.close()
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import pytest
from pydantic import BaseModel

from framework.cache import Cache
from framework.errors import FrameworkError, NotFound, Unavailable
from framework.testing.mailer_contract import MailerContract

__all__ = ["CacheContract", "MailerContract"]


class Article(BaseModel):
    """A value of the contract."""

    id: int
    title: str
    price: Decimal
    at: datetime
    tags: frozenset[str] = frozenset()


class Longer(Article):
    """The same after a release that added a field."""

    views: int = 0


ARTICLE = Article(id=1, title="ä", price=Decimal("1.50"), at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))

VALUES: list[tuple[Any, Any]] = [
    (bytes, b"\x00\xff"),
    (bytes, b""),
    (str, ""),
    (int, 0),
    (int, -(10**30)),
    (bool, False),
    (float, 0.1),
    (type(None), None),
    (int | None, None),
    (list[int], []),
    (dict[str, int | None], {"a": None}),
    (tuple[int, str], (1, "a")),
    (set[UUID], {UUID(int=1)}),
    (Article, ARTICLE),
    (list[Article], [ARTICLE]),
    (dict[str, bytes], {"raw": b"\xff"}),
]


class CacheContract:
    """What a `Cache` promises. Give it a fixture `cache` that is empty; it is closed by whoever made it."""

    keeps: ClassVar[bool] = True
    """Whether it keeps values at all; one that doesn't must still lock and count."""

    @pytest.fixture
    def cache(self) -> Cache:
        """The cache under test, empty. Yours may be an asynchronous generator."""
        raise NotImplementedError

    # Values ---------------------------------------------------------------------------------------------------------

    async def test_what_is_set_comes_back_equal_and_of_its_type(self, cache: Cache) -> None:
        """For every kind of value, falsy ones too."""
        for number, (type_, value) in enumerate(VALUES):
            await cache.set(f"ä key {number}", value, type_)
            found = await cache.get(f"ä key {number}", type_, "none")
            self.assert_kept(found, value, type_)

    def assert_kept(self, found: Any, value: Any, type_: Any) -> None:
        """Check what was read, whatever this cache keeps."""
        if self.keeps:
            assert found == value, type_
            assert type(found) is type(value)
        else:
            assert found == "none"

    async def test_what_was_never_set_is_the_default(self, cache: Cache) -> None:
        """`None` when nothing else is asked for."""
        assert await cache.get("k", int) is None
        assert await cache.get("k", int, 7) == 7

    async def test_what_is_deleted_is_gone_and_deleting_nothing_is_fine(self, cache: Cache) -> None:
        """Deleting twice does no harm."""
        await cache.set("k", 1)
        await cache.delete("k")
        await cache.delete("k")
        assert await cache.get("k", int) is None

    async def test_many_are_set_read_and_deleted_at_once(self, cache: Cache) -> None:
        """Only what is there is returned."""
        await cache.set_many({"a": 1, "b": 2, "c": 3}, int)
        await cache.delete_many(["b", "none"])
        assert await cache.get_many("abcd", int) == ({"a": 1, "c": 3} if self.keeps else {})
        await cache.set_many({}, int)
        await cache.delete_many([])
        assert await cache.get_many([], int) == {}
        assert list(await cache.read([])) == list(await cache.remaining([])) == []
        await cache.write({}, 60)

    async def test_a_value_is_gone_when_its_time_is_over(self, cache: Cache) -> None:
        """Of a short and a long one, the short one."""
        await cache.set("short", 1, ttl=0.05)
        await cache.set("long", 1, ttl=60)
        await cache.set("forever", 1, ttl=0)
        await asyncio.sleep(0.1)
        assert await cache.get_many(["short", "long", "forever"]) == ({"long": 1, "forever": 1} if self.keeps else {})

    async def test_setting_again_starts_the_time_again(self, cache: Cache) -> None:
        """The later time counts."""
        await cache.set("k", 1, ttl=0.05)
        await cache.set("k", 2, ttl=60)
        await asyncio.sleep(0.1)
        assert await cache.get("k", int) == (2 if self.keeps else None)

    async def test_touch_gives_more_time_to_what_is_there(self, cache: Cache) -> None:
        """And tells whether it is."""
        assert await cache.touch("k", ttl=60) is False
        assert await cache.add("k", 1, ttl=0.05)
        assert await cache.touch("k", ttl=60) is True
        await asyncio.sleep(0.1)
        assert not await cache.add("k", 2)
        assert await cache.touch("k", ttl=0) is True

    async def test_a_value_of_another_type_is_none(self, cache: Cache) -> None:
        """Also one of an earlier form of the same type, and what is no value at all; never an error."""
        await cache.set("k", 1, int)
        assert await cache.get("k", str) is None
        await cache.set("article", ARTICLE, Article)
        assert await cache.get("article", Longer) is None
        await cache.set("untold", "text")
        assert await cache.get("untold", int) is None
        for garbage in (b"", b"\x01", b"{}", b"\x80\x04K\x01."):
            await cache.write({cache.key("k"): garbage}, 60)
            assert await cache.get("k", int) is None
            assert await cache.get_or_set("k", returning(3), int) == 3

    # Decisions ------------------------------------------------------------------------------------------------------

    async def test_add_lets_one_of_many_win(self, cache: Cache) -> None:
        """Until the time is over."""
        assert sum(await asyncio.gather(*(cache.add("k", number, ttl=0.2) for number in range(20)))) == 1
        await asyncio.sleep(0.25)
        assert await cache.add("k", 1, ttl=60)

    async def test_counters_lose_nothing(self, cache: Cache) -> None:
        """However many count at once."""
        await asyncio.gather(*(cache.increment("n") for _ in range(50)))
        assert await cache.increment("n", -8) == 42
        assert await cache.increment("n", 0) == 42
        assert await cache.get("n", int) == (42 if self.keeps else None)

    async def test_a_counter_lives_from_its_first_count(self, cache: Cache) -> None:
        """Counting on does not make it live longer."""
        await cache.increment("n", ttl=0.2)
        await asyncio.sleep(0.1)
        assert await cache.increment("n", ttl=60) == 2
        await asyncio.sleep(0.15)
        assert await cache.increment("n", ttl=60) == 1

    async def test_what_is_no_counter_cannot_be_counted(self, cache: Cache) -> None:
        """It is an error that says so."""
        assert await cache.add("k", "text")
        with pytest.raises(FrameworkError) as caught:
            await cache.increment("k")
        assert caught.value.code == "cache.counter"

    async def test_a_lock_lets_one_in_at_a_time(self, cache: Cache) -> None:
        """Whoever waits gets it next."""
        inside, most = 0, 0

        async def work() -> None:
            nonlocal inside, most
            async with cache.lock("l", ttl=10) as lock:
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0.002)
                assert lock.held
                inside -= 1

        await asyncio.gather(*(work() for _ in range(5)))
        assert most == 1

    async def test_a_lock_is_not_waited_for_longer_than_asked(self, cache: Cache) -> None:
        """Then it is `Unavailable`."""
        async with cache.lock("l"):
            with pytest.raises(Unavailable) as caught:
                await self.hold(cache, "l", wait=0)
            assert caught.value.code == "cache.locked"
        await self.hold(cache, "l", wait=0)

    async def hold(self, cache: Cache, name: str, **options: Any) -> None:
        """Hold a lock for a moment."""
        async with cache.lock(name, **options):
            pass

    async def test_a_lock_is_renewed_while_it_is_held_and_ends_with_a_crash(self, cache: Cache) -> None:
        """A holder that is gone blocks nobody for longer than its time."""
        async with cache.lock("l", ttl=0.5):  # a busy machine may keep it from being renewed for 0.3 s
            await asyncio.sleep(0.7)
            with pytest.raises(Unavailable):
                await self.hold(cache, "l", wait=0)
        assert await cache.write_new(f"{cache.prefix}lock:l", b"of somebody who crashed", 0.2)
        await asyncio.wait_for(self.hold(cache, "l"), 5)

    async def test_who_lost_a_lock_does_not_release_that_of_another(self, cache: Cache) -> None:
        """The token tells them apart."""
        key = f"{cache.prefix}lock:l"
        async with cache.lock("l"):
            await cache.remove([key])
            assert await cache.write_new(key, b"another", 60)
        assert not await cache.write_new(key, b"third", 60)

    async def test_what_is_done_in_one_turn_is_done_in_order(self, cache: Cache) -> None:
        """Who gets the lock sees what was written before; who sees it released finds what it was held for."""

        def kept(*held: bytes | None) -> list[bytes | None]:
            return [*held] if self.keeps else [None] * len(held)

        read = ["k", "l"]
        await cache.write({"k": b"old"}, 60)
        assert await cache.write_new_and_read("l", b"mine", 60, read) == (True, kept(b"old", b"mine"))
        assert await cache.write_new_and_read("l", b"another's", 60, read) == (False, kept(b"old", b"mine"))
        await cache.write_and_own_remove({"k": b"new"}, 60, "l", b"another's")
        assert [*await cache.read(read)] == kept(b"new", b"mine")
        await cache.write_and_own_remove({"k": b"newer"}, 60, "l", b"mine")
        assert [*await cache.read(read)] == kept(b"newer", None)
        assert await cache.write_new("l", b"another's", 60)

    # Values made once ------------------------------------------------------------------------------------------------

    async def test_a_miss_and_a_hit_return_equal_values_of_one_type(self, cache: Cache) -> None:
        """Whatever was returned by who made it."""
        cases: list[tuple[Any, Any, Any]] = [(list[int], (1, 2), [1, 2]), (float, 1, 1.0), (str | None, None, None)]
        for type_, made, wanted in cases:
            first = await cache.get_or_set(str(type_), returning(made), type_)
            second = await cache.get_or_set(str(type_), returning(made), type_)
            assert first == second == wanted
            assert type(first) is type(second) is type(wanted)

    async def test_many_callers_at_once_make_a_value_once(self, cache: Cache) -> None:
        """And nobody shares a list that another could change."""
        calls = 0

        async def make() -> list[int]:
            nonlocal calls
            calls += 1
            await asyncio.sleep(0.05)
            return [calls]

        found = await asyncio.gather(*(cache.get_or_set("k", make, list[int]) for _ in range(50)))
        assert calls == 1
        assert found == [[1]] * 50
        found[0].append(2)
        assert found[1] == [1]

    async def test_an_error_is_raised_to_all_and_not_kept(self, cache: Cache) -> None:
        """The next caller tries again."""

        async def fail() -> int:
            await asyncio.sleep(0.01)
            raise NotFound("thing")

        results = await asyncio.gather(*(cache.get_or_set("k", fail, int) for _ in range(3)), return_exceptions=True)
        assert [type(result) for result in results] == [NotFound] * 3
        assert await cache.get_or_set("k", returning(1), int) == 1

    async def test_a_caller_that_is_cancelled_takes_nobody_along(self, cache: Cache) -> None:
        """One of those who wait takes over."""
        began = asyncio.Event()

        async def hang() -> int:
            began.set()
            await asyncio.sleep(60)
            return 1

        first = asyncio.create_task(cache.get_or_set("k", hang, int))
        await began.wait()
        others = [asyncio.create_task(cache.get_or_set("k", returning(2), int)) for _ in range(3)]
        await asyncio.sleep(0.01)
        first.cancel()
        assert await asyncio.wait_for(asyncio.gather(*others), 5) == [2, 2, 2]

    # Tags ------------------------------------------------------------------------------------------------------------

    async def test_invalidating_a_tag_forgets_what_has_it(self, cache: Cache) -> None:
        """And nothing else."""
        await cache.set("a", 1, tags=["x", "y"])
        await cache.set("b", 2, tags=["y"])
        await cache.set("c", 3)
        assert await cache.get_many("abc") == ({"a": 1, "b": 2, "c": 3} if self.keeps else {})
        await cache.invalidate("x")
        assert await cache.get_many("abc") == ({"b": 2, "c": 3} if self.keeps else {})
        assert await cache.get_or_set("b", returning(9), Any, tags=["y"]) == (2 if self.keeps else 9)
        await cache.invalidate("y", "z")
        assert await cache.get_many("abc") == ({"c": 3} if self.keeps else {})

    async def test_a_value_made_before_an_invalidation_is_not_kept(self, cache: Cache) -> None:
        """However late its maker is done."""

        async def make() -> int:
            await cache.invalidate("x")
            return 1

        assert await cache.get_or_set("k", make, int, tags=["x"]) == 1
        assert await cache.get("k", int) is None
        assert await cache.get_or_set("k", returning(2), int, tags=["x"]) == 2
        assert await cache.get("k", int) == (2 if self.keeps else None)

    # Life ------------------------------------------------------------------------------------------------------------

    async def test_many_callers_at_once_each_get_their_own_value(self, cache: Cache) -> None:
        """Answers are not mixed up."""

        async def work(number: int) -> int | None:
            await cache.set(str(number), number)
            return await cache.get(str(number), int)

        wanted = list(range(200)) if self.keeps else [None] * 200
        assert await asyncio.gather(*map(work, range(200))) == wanted

    async def test_names_that_are_no_text_are_names_too_and_harm_nobody(self, cache: Cache) -> None:
        """JSON lets strangers send half a character, which no server can be told."""
        for half in ("a\ud800", "a\udfff", "a?"):
            await cache.set(half, half == "a?", tags=[half])
            assert await cache.increment(f"count {half}") == 1
            async with cache.lock(half, wait=1), cache.lock(f"{half} too", wait=1):
                pass
        if self.keeps:
            assert [await cache.get(key) for key in ("a\ud800", "a\udfff", "a?")] == [False, False, True]
        await cache.invalidate("a\ud800")
        assert await cache.get("a\ud800") is None
        assert await cache.get("a\udfff") == (False if self.keeps else None)
        await cache.delete("a\udfff")
        assert await cache.get("a\udfff") is None
        await cache.ping()

    async def test_a_cache_that_was_closed_opens_anew(self, cache: Cache) -> None:
        """Closing twice does no harm."""
        await cache.ping()
        await cache.close()
        await cache.close()
        await cache.set("k", 1)
        assert await cache.get("k", int) == (1 if self.keeps else None)


def returning[T](value: T) -> Callable[[], Awaitable[T]]:
    """Return a maker of `value`."""

    async def make() -> T:
        return value

    return make
