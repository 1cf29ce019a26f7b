"""`@cached` on functions and methods of services: keys, tags, waiting for each other, stale and missing values."""

import asyncio
import math
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, Secret, SecretBytes, SecretStr

from framework import Project, Settings
from framework.cache import Cache, MemoryCache, RedisCache, cached
from framework.cache.signatures import Signature
from framework.errors import FrameworkError, NotFound, Unavailable
from framework.services import Inject

calls: list[Any] = []


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    calls.clear()


class Rates(BaseModel):
    base: str
    number: int


@cached(ttl=60)
async def rates(base: str, day: int = 1) -> Rates:
    calls.append((base, day))
    return Rates(base=base, number=len(calls))


class Shop:
    def __init__(self, cache: Cache) -> None:
        self.cache = cache

    @cached(ttl=60, tags=lambda number: [f"price:{number}"])
    async def price(self, number: int) -> float | None:
        calls.append(number)
        return None

    @cached(ttl=60, tags=lambda result: [f"kind:{result}"])
    async def kind(self, number: int) -> str:
        calls.append(number)
        return "odd" if number % 2 else "even"

    @cached(ttl=60, missing=60, tags=["things"])
    async def thing(self, number: int) -> str:
        calls.append(number)
        raise NotFound("thing", detail="Nothing here.")

    @cached(ttl=0.05, stale=60)
    async def stock(self) -> int:
        calls.append(self)
        await asyncio.sleep(0.01)
        return len(calls)


class Base:
    table = "base"

    @cached(ttl=60)
    async def all(self) -> str:
        calls.append(self.table)
        return self.table

    @classmethod
    @cached(ttl=60)
    async def named(cls) -> str:
        calls.append(f"named {cls.table}")
        return f"named {cls.table}"


class Posts(Base):
    table = "posts"


class Users(Base):
    table = "users"

    @cached(ttl=60)
    async def all(self) -> str:
        return f"{await super().all()}, really"


class Circle(BaseModel):
    size: int


class Square(BaseModel):
    size: int


class Filter(BaseModel):
    a: int
    tenant: str = Field(exclude=True)


class Level(IntEnum):
    LOW = 1


@dataclass
class Point:
    size: int


def local(table: str) -> Any:
    @cached(ttl=60)
    async def use(x: Any) -> str:
        return table

    return use


def signature_of(function: Any) -> Signature:
    return Signature(function.__wrapped__)


@pytest.fixture
async def project(tmp_path: Path) -> AsyncGenerator[Project]:
    made = Project(
        Settings(_root=tmp_path, _environ={}, _env_file=None, _secrets_dir=None, installed_apps=("framework.cache",))
    )
    made.services.provide(Shop)
    async with made.lifespan():
        yield made


@pytest.fixture
async def shop(project: Project) -> AsyncGenerator[Shop]:
    async with project.scope() as scope:
        yield await scope.get(Shop)


async def cache_of(project: Project) -> Cache:
    cache = project.services.find_value(Cache)
    assert cache is not None
    return cache


# Keys --------------------------------------------------------------------------------------------------------------


async def test_equal_arguments_are_computed_once_however_they_are_passed(shop: Shop) -> None:
    first = await rates("EUR")
    assert await rates("EUR", 1) == await rates(base="EUR", day=1) == first
    assert type(first) is Rates
    await rates("EUR", 2)
    await rates("USD")
    assert calls == [("EUR", 1), ("EUR", 2), ("USD", 1)]


async def test_arguments_of_other_types_are_others(shop: Shop) -> None:
    @cached()
    async def kind(value: Any) -> str:
        calls.append(value)
        return f"{type(value).__name__} {value!r}"

    at = datetime(2026, 1, 1, tzinfo=UTC)
    values: list[Any] = [
        *(1, "1", True, "true", 1.0, Decimal(1), Level.LOW, None, "null", math.inf, "Infinity"),
        *("a", b"a", bytearray(b"a"), Path("a"), at, at.isoformat(), UUID(int=1), str(UUID(int=1))),
        *([1], (1,), {1}, frozenset({1}), ["1"], [True], [], (), {}),
        *({"a": 1}, {"a": "1"}, {"a": b"1"}, [["a", 1]], [("a", 1)], {1: "a"}, {"1": "a"}, {"dict": [["a", 1]]}),
        *(Circle(size=1), Square(size=1), {"size": 1}, Point(1), [Circle(size=1)], [Square(size=1)]),
        *("x" * 500, "x" * 501),
    ]
    for _ in range(2):
        for value in values:
            assert await kind(value) == f"{type(value).__name__} {value!r}"
    assert len(calls) == len(values)


async def test_equal_sets_are_one_argument_in_whatever_order_they_are_gone_through(shop: Shop) -> None:
    @cached()
    async def count(names: frozenset[str]) -> int:
        calls.append(names)
        return len(names)

    names = [f"name {number}" for number in range(50)]
    assert await count(frozenset(names)) == await count(frozenset(reversed(names))) == 50
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (SecretStr("alice"), "is a SecretStr, which must not be read in a key"),
        ([SecretBytes(b"alice")], "is a list with a SecretBytes, which must not be read in a key"),
        (Secret[int](7), "is a Secret, which must not be read in a key"),
        (Filter(a=1, tenant="A"), "is a Filter, whose field 'tenant' is excluded"),
        ((number for number in (1, 2)), "is a generator, of which no key can be made"),
        (deque([1]), "is a deque, of which no key can be made"),
        (print, "is a builtin_function_or_method, of which no key can be made"),
        ("\ud800", "makes no key"),
    ],
)
async def test_what_must_not_or_cannot_be_read_in_a_key_is_refused(shop: Shop, value: Any, said: str) -> None:
    @cached()
    async def use(value: Any) -> int:
        return 1

    with pytest.raises(FrameworkError, match=said) as caught:
        await use(value)
    assert caught.value.code == "cache.key"


async def test_methods_are_told_apart_by_the_class_they_are_called_on(project: Project) -> None:
    for kind in (Posts, Users):
        project.services.provide(kind)
    async with project.scope() as scope:
        posts, users = await scope.get(Posts), await scope.get(Users)
        for _ in range(2):
            assert await posts.all() == "posts"
            assert await users.all() == "users, really"
            assert await Posts.named() == "named posts"
            assert await Users.named() == "named users"
        assert calls == ["posts", "users", "named posts", "named users"]
    async with project.scope() as scope:
        assert await (await scope.get(Users)).all() == "users, really"
    assert len(calls) == 4


async def test_functions_made_by_a_function_are_told_apart_by_what_they_were_made_with(shop: Shop) -> None:
    def crud(table: Any, *, limit: int = 1) -> Any:
        def shown() -> str:
            return f"{table} {limit}"

        @cached(ttl=60)
        async def all_of() -> str:
            calls.append(table)
            return shown()

        return all_of

    def service(table: Any) -> Any:
        class Made:
            name = table

            @cached(ttl=60)
            async def all(self) -> str:
                calls.append(self.name)
                return str(self.name)

        return Made()

    things: list[Any] = ["posts", "users", 1, Posts, Users, (Posts, Users), list[int], Level.LOW]
    for _ in range(2):
        for each in things:
            assert await crud(each)() == f"{each} 1"
            assert await crud(each, limit=2)() == f"{each} 2"
            assert await service(each).all() == str(each)
    assert len(calls) == 3 * len(things)
    for made in (crud(shop), service(shop).all):
        with pytest.raises(
            FrameworkError, match=r"inside of a function with '(table|name)', a Shop, which does not tell"
        ):
            await made()


async def test_names_of_what_a_function_makes_are_the_same_in_another_process(shop: Shop) -> None:
    """Not by `hash` or `id`, which differ there."""
    script = (
        "from tests.cache.test_decorator import local, signature_of\n"
        "print(signature_of(local('posts')).key({'x': frozenset('abc')}, {}))\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, env={"PYTHONHASHSEED": "7"}
    )
    told, _ = await process.communicate()
    assert told.decode().strip() == signature_of(local("posts")).key({"x": frozenset("abc")}, {})


async def test_services_are_not_part_of_the_key(project: Project) -> None:
    for _ in range(2):
        async with project.scope() as scope:
            assert await (await scope.get(Shop)).price(1) is None
    assert calls == [1]

    @cached()
    async def count(shop: Shop, marked: Inject[Project], number: int) -> int:
        calls.append("count")
        return number

    for _ in range(2):
        async with project.scope() as scope:
            assert await count(await scope.get(Shop), project, 2) == 2
    assert calls == [1, "count"]


async def test_variadic_and_positional_arguments_count(shop: Shop) -> None:
    @cached()
    async def total(first: int, /, *numbers: int, **more: int) -> int:
        calls.append(numbers)
        return first + sum(numbers) + sum(more.values())

    for _ in range(2):
        assert await total(1, 2, 3, last=4) == 10
        assert await total(1, 2, 3, last=5) == 11
    assert len(calls) == 2


async def test_an_argument_that_makes_no_key_is_named(shop: Shop) -> None:
    @dataclass
    class Odd:
        function: Any

    @cached()
    async def use(number: int, odd: Any) -> int:
        return 1

    with pytest.raises(FrameworkError, match=r"The argument 'odd' of .*use is a Odd with a builtin") as caught:
        await use(1, Odd(print))
    assert caught.value.code == "cache.key"


async def test_a_wrong_call_says_so(shop: Shop) -> None:
    wrong: Any = rates
    with pytest.raises(TypeError, match="missing a required argument: 'base'"):
        await wrong()
    with pytest.raises(TypeError, match="unexpected keyword argument 'nights'"):
        await wrong("EUR", nights=2)
    with pytest.raises(TypeError, match="multiple values for argument 'base'"):
        await wrong("EUR", base="USD")


async def test_what_cannot_be_cached_is_refused_where_it_is_written(project: Project) -> None:
    def plain() -> int:
        return 1

    with pytest.raises(FrameworkError, match="wants an async function") as caught:
        cached()(plain)  # type: ignore[arg-type]
    assert caught.value.code == "cache.function"

    @cached()
    async def untold(number: int):  # type: ignore[no-untyped-def]
        return 1

    async with project.scope():
        with pytest.raises(FrameworkError, match="says not what it returns"):
            await untold(1)


async def test_without_a_project_at_hand_it_is_an_error_that_says_so() -> None:
    with pytest.raises(FrameworkError, match="outside a unit of work") as caught:
        await rates("EUR")
    assert caught.value.code == "cache.no-project"


async def test_two_projects_share_nothing(project: Project, tmp_path: Path) -> None:
    other = Project(
        Settings(_root=tmp_path, _environ={}, _env_file=None, _secrets_dir=None, installed_apps=("framework.cache",))
    )
    async with project.scope():
        await rates("EUR")
        async with other.scope():
            await rates("EUR")
        await rates("EUR")
    assert len(calls) == 2


async def test_the_function_keeps_its_name_and_its_documentation() -> None:
    assert Shop.price.__name__ == "price"
    assert rates.__module__ == __name__


# Tags --------------------------------------------------------------------------------------------------------------


async def test_tags_are_made_of_arguments_and_of_results(project: Project, shop: Shop) -> None:
    cache = await cache_of(project)
    await shop.price(1)
    await shop.price(2)
    await shop.kind(1)
    await shop.kind(2)
    calls.clear()
    await cache.invalidate("price:1", "kind:even")
    await shop.price(1)
    await shop.price(2)
    await shop.kind(1)
    await shop.kind(2)
    assert calls == [1, 2]


async def test_one_tag_may_stand_alone(project: Project, shop: Shop) -> None:
    """A text is one tag, and not as many as it has letters."""
    cache = await cache_of(project)
    asked: list[str] = []

    @cached(tags="rates")
    async def alone() -> int:
        asked.append("alone")
        return 1

    @cached(tags=lambda name: f"rate:{name}")
    async def by_argument(name: str) -> int:
        asked.append(name)
        return 1

    @cached(tags=lambda result: result)
    async def by_result(name: str) -> str:
        asked.append("result")
        return name

    async def ask() -> list[str]:
        asked.clear()
        await alone()
        await by_argument("EUR")
        await by_result("known")
        return asked

    assert await ask() == ["alone", "EUR", "result"]
    assert await ask() == []
    await cache.invalidate("rates", "rate:EUR", "known")
    assert await ask() == ["alone", "EUR", "result"]
    await cache.set("k", 1, tags="rates")
    await cache.invalidate("rates")
    assert await cache.get("k") is None


async def test_a_result_whose_tag_changed_while_it_was_made_is_not_kept(project: Project, shop: Shop) -> None:
    @cached(tags=lambda result: [f"n:{result}"])
    async def number(cache: Cache) -> int:
        calls.append(1)
        await cache.invalidate("n:7")
        return 7

    cache = await cache_of(project)
    await number(cache)
    await number(cache)
    assert len(calls) == 2


async def test_a_change_just_after_the_start_is_noticed_however_long_it_takes_to_ask_for_it(project: Project) -> None:
    class Slow(MemoryCache):
        async def remaining(self, keys: Any) -> Any:
            await asyncio.sleep(0.02)
            return await super().remaining(keys)

    @cached(tags=lambda result: [f"n:{result}"])
    async def number(cache: Cache) -> int:
        calls.append(1)
        await cache.invalidate("n:7")
        return 7

    cache = Slow()
    project.services.value(Cache, cache)
    async with project.scope():
        for _ in range(2):
            await number(cache)
    assert len(calls) == 2


# Missing values ----------------------------------------------------------------------------------------------------


async def test_that_there_is_none_is_remembered(project: Project, shop: Shop) -> None:
    for _ in range(3):
        with pytest.raises(NotFound) as caught:
            await shop.thing(1)
        assert (caught.value.subject, caught.value.detail) == ("thing", "Nothing here.")
    assert calls == [1]
    await (await cache_of(project)).invalidate("things")
    with pytest.raises(NotFound):
        await shop.thing(1)
    assert calls == [1, 1]


async def test_other_errors_are_not_kept(shop: Shop) -> None:
    @cached()
    async def fail() -> int:
        calls.append(1)
        raise Unavailable("exchange")

    for _ in range(2):
        with pytest.raises(Unavailable):
            await fail()
    assert len(calls) == 2


async def test_without_missing_a_not_found_is_raised_and_forgotten(shop: Shop) -> None:
    @cached(missing=0)
    async def find() -> int:
        calls.append(1)
        raise NotFound("thing")

    for _ in range(2):
        with pytest.raises(NotFound):
            await find()
    assert len(calls) == 2


async def test_what_is_kept_for_ever_is_missing_for_a_while_only(project: Project, shop: Shop) -> None:
    @cached(ttl=0, missing=0.02)
    async def find() -> int:
        calls.append(1)
        raise NotFound("thing")

    for _ in range(2):
        with pytest.raises(NotFound):
            await find()
    assert len(calls) == 1
    await asyncio.sleep(0.03)
    with pytest.raises(NotFound):
        await find()
    assert len(calls) == 2


# Stale values ------------------------------------------------------------------------------------------------------


async def test_a_stale_value_is_returned_while_one_caller_makes_a_new_one_in_a_scope_of_its_own(
    project: Project,
) -> None:
    async with project.scope() as scope:
        first = await scope.get(Shop)
        assert await first.stock() == 1
        await asyncio.sleep(0.08)
        assert await asyncio.gather(*(first.stock() for _ in range(20))) == [1] * 20
    async with asyncio.timeout(5):
        while len(calls) < 2:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
    async with project.scope() as scope:
        again = await scope.get(Shop)
        async with asyncio.timeout(5):
            while await again.stock() < 2:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.005)
    assert calls[1] is not first  # its scope may have been closed


async def test_a_stale_value_that_cannot_be_made_anew_stays_for_its_time(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    @cached(ttl=0.02, stale=60)
    async def answer() -> int:
        calls.append(1)
        if len(calls) > 1:
            raise LookupError
        return 42

    await answer()
    await asyncio.sleep(0.04)
    assert await answer() == 42
    async with asyncio.timeout(5):
        while "could not be made anew" not in caplog.text:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
    assert await answer() == 42


# Waiting for each other --------------------------------------------------------------------------------------------


async def test_when_the_one_who_computes_fails_the_others_help_themselves(shop: Shop) -> None:
    @cached()
    async def unlucky() -> int:
        calls.append(1)
        first = len(calls) == 1
        await asyncio.sleep(0.01)
        if first:
            raise ConnectionError
        return 7

    results = await asyncio.gather(*(unlucky() for _ in range(5)), return_exceptions=True)
    assert sorted(map(str, results)) == ["", "7", "7", "7", "7"]


async def test_a_function_that_calls_itself_does_not_wait_for_itself(shop: Shop) -> None:
    @cached()
    async def down(number: int) -> int:
        calls.append(number)
        return number + (await down(number - 1) if number else 0)

    assert await asyncio.wait_for(down(5), 5) == 15
    assert await down(5) == 15
    assert len(calls) == 6

    @cached()
    async def strange(deep: int) -> int:
        calls.append("strange")
        return await asyncio.create_task(strange(deep)) if calls.count("strange") < 3 else 1

    assert await asyncio.wait_for(strange(1), 5) == 1


async def test_processes_wait_for_the_one_that_computes_and_take_over_when_it_crashed(
    project: Project, redis_url: str
) -> None:
    """Two caches on one server are two processes to each other."""

    async def slow() -> int:
        calls.append(1)
        await asyncio.sleep(0.1)
        return 7

    caches = [RedisCache(redis_url, timeout=10) for _ in range(3)]
    results = await asyncio.gather(*(cache.get_or_set("k", slow, int) for cache in caches for _ in range(10)))
    assert results == [7] * 30
    assert len(calls) == 1

    # The lock of a process that was killed while it computed.
    cache = caches[0]
    assert await cache.write_new(f"making:{cache.key('other')}", b"of the dead", 0.3)
    began = time.perf_counter()
    assert await cache.get_or_set("other", slow, int) == 7
    assert time.perf_counter() - began > 0.25
    for each in caches:
        await each.close()


async def test_the_cache_of_a_test_is_used(project: Project) -> None:
    mine = MemoryCache()
    with project.services.override(Cache, mine):
        async with project.scope():
            await rates("EUR")
    assert len(mine) == 1


async def test_a_cache_built_for_each_scope_is_used_too(project: Project) -> None:
    mine = MemoryCache()
    project.services.provide(Cache, lambda: mine)
    async with project.scope():
        await rates("EUR")
    assert len(mine) == 1
