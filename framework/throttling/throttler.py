"""Counts attempts and refuses those beyond a rate. Knows no web: the same in a route, a command, a task, a test."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial

from framework.errors import ImproperlyConfigured, Throttled
from framework.throttling.rates import Rate, rates_of
from framework.throttling.stores import Stores
from framework.throttling.windows import Usage, Windows

__all__ = ["Throttler", "refusal"]

_LONGEST = 100


class Throttler:
    """How often who did what, for the whole project: `await throttler.hit("login", email, "5/minute")`.

    `name` says what is done, `key` who does it, and `rates` how often that may be: `"5/minute; 20/hour"`, of which all
    have to hold. The settings' rates under that name come before those given here. What has one name, key and rate is
    counted together, in all processes that share a server.
    """

    def __init__(self, stores: Stores, windows: Windows, *, rates: Mapping[str, str], enabled: bool = True) -> None:
        self._stores = stores
        self._windows = windows
        self._rates = rates
        self._enabled = enabled

    async def hit(self, name: str, key: str, rates: str | None = None, *, cost: int = 1) -> Sequence[Usage]:
        """Count `cost` attempts and return how much is used of each rate, the shortest first.

        Raises `Throttled` when they are beyond one. Longer rates are then not asked, so that what a short one refuses
        does not use up a long one.
        """
        usages = await self.count(name, key, rates, cost=cost)
        if usages and not usages[-1].allowed:
            raise refusal(usages[-1])
        return usages

    async def count(self, name: str, key: str, rates: str | None = None, *, cost: int = 1) -> Sequence[Usage]:
        """Do as `hit`, but leave refusing to the caller: the last usage tells whether it is allowed."""
        usages: list[Usage] = []
        for rate in self._rates_of(name, rates):
            work = partial(self._windows.hit, key=_key(name, key, rate), rate=rate, cost=cost)
            usages.append(await self._stores.do(work))
            if not usages[-1].allowed:
                break
        return usages

    async def test(self, name: str, key: str, rates: str | None = None, *, cost: int = 1) -> Sequence[Usage]:
        """Return what `hit` would, of every rate, counting nothing and raising nothing."""
        works = (
            partial(self._windows.test, key=_key(name, key, rate), rate=rate, cost=cost)
            for rate in self._rates_of(name, rates)
        )
        return [await self._stores.do(work) for work in works]

    async def reset(self, name: str, key: str, rates: str | None = None) -> None:
        """Forget what was counted, as after a login that succeeded."""
        for rate in self._rates_of(name, rates):
            await self._stores.do(partial(self._windows.reset, key=_key(name, key, rate), rate=rate))

    async def close(self) -> None:
        """Give back the connections."""
        await self._stores.close()

    def _rates_of(self, name: str, given: str | None) -> tuple[Rate, ...]:
        if not self._enabled:
            return ()
        text = self._rates.get(name, given)
        if text is None:
            raise ImproperlyConfigured(
                f"Nothing says how often {name!r} may be done.",
                hint=f'Give a rate with it, or in the settings: THROTTLING__RATES=\'{{"{name}": "10/minute"}}\'.',
                code="throttling.rate",
            )
        return rates_of(text)


def refusal(usage: Usage) -> Throttled:
    """Return the error for attempts that are beyond a rate."""
    return Throttled(retry_after=usage.retry_after, limit=usage.rate.limit, window=usage.rate.seconds)


def _key(name: str, key: str, rate: Rate) -> str:
    """Return a key that no other name, key and rate has, and that a caller who types long names cannot make long."""
    if len(key) > _LONGEST or not key.isprintable():
        key = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
    return f"{rate.limit}/{rate.seconds}:{len(name)}:{name}:{key}"
