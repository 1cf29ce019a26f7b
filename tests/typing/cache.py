"""The cache as type checkers see it. Read by pyright and mypy, never run."""

from typing import Any, assert_type

from pydantic import BaseModel

from framework.cache import Cache


class Rates(BaseModel):
    base: str


async def rates() -> Rates:
    return Rates(base="EUR")


async def use(cache: Cache) -> None:
    assert_type(await cache.get("k"), Any)
    assert_type(await cache.get("k", int), int | None)
    assert_type(await cache.get("k", int, 0), int)
    assert_type(await cache.get("k", Rates, "none"), Rates | str)
    assert_type(await cache.get_many(["k"], list[int]), dict[str, list[int]])
    assert_type(await cache.get_or_set("k", rates, Rates, ttl=5), Rates)
    assert_type(await cache.increment("n"), int)
    await cache.set("k", [1], list[int], ttl=5, tags=["t"])
    await cache.set_many({"k": Rates(base="EUR")})
    async with cache.lock("l") as lock:
        assert_type(lock.held, bool)
