"""The cache as type checkers see it. Read by pyright and mypy, never run."""

from typing import Any, assert_type

from pydantic import BaseModel

from framework.cache import Cache, cached


class Rates(BaseModel):
    base: str


async def rates() -> Rates:
    return Rates(base="EUR")


@cached(ttl=60, tags=lambda base: [f"rates:{base}"])
async def rates_of(base: str, *, day: int = 1) -> Rates:
    return Rates(base=base)


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


async def call() -> None:
    assert_type(await rates_of("EUR", day=2), Rates)
    await rates_of(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - arguments are checked
