"""Values in a Redis or Valkey server."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar

from redis.exceptions import ConnectionError as LostConnection

from framework.cache.backends.addresses import cluster_at, is_cluster, server_at
from framework.cache.backends.breaker import Breaker
from framework.cache.backends.cluster import Cluster
from framework.cache.backends.commands import (
    COUNT,
    OWN_EXPIRE,
    OWN_REMOVE,
    escaped,
    is_reply,
    milliseconds,
    seconds,
    setting,
)
from framework.cache.backends.owed import Making, Owed, chunks
from framework.cache.backends.wire import Command, Wire
from framework.cache.cache import Cache
from framework.cache.counters import no_counter
from framework.cache.tags import changed_version
from framework.errors import ImproperlyConfigured, Unavailable

__all__ = ["RedisCache"]

log = logging.getLogger("framework.cache")

DISABLED = ("LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "NOREPLICAS", "NOAUTH", "WRONGPASS", "MISCONF", "OOM")
"""How the answers begin of a server that keeps nothing just now."""


class RedisCache(Cache):
    """Values in a Redis or Valkey server, version 6 or later, shared by all processes.

    The URL may be `redis://`, `rediss://` (TLS), `unix://`, `redis+sentinel://host:26379,host2:26379/mymaster/0` or
    `redis+cluster://host:6379,host2:6379`. No answer is waited for longer than `timeout` seconds. When it does not
    answer, it is left alone until it does, and everybody goes on without it.
    """

    shared: ClassVar[bool] = True

    def __init__(self, url: str, *, timeout: float = 1, **options: Any) -> None:
        super().__init__(**options)
        self._client = (
            Cluster(cluster_at(url, timeout), timeout) if is_cluster(url) else Wire(server_at(url, timeout), timeout)
        )
        self._breaker = Breaker(self._heal, retry_after=timeout)
        self._removals = Owed(f"{escaped(self.prefix)}{self.version}:*")
        self._renewals = Owed(f"{escaped(self.prefix)}tag*")
        self._releases = Owed(None)
        self._owes = False
        """Whether something is to be done before anything is read: keys to forget while the server was away."""

    def track(self, changed: Callable[[Sequence[str] | None], None], lost: Callable[[], None]) -> None:
        """Have the server tell when anybody changes a key that was read here: `changed(keys)`, `None` for all of them.

        `lost()` is called when it can no longer tell. To be called before anything is asked.
        """
        if isinstance(self._client, Cluster):
            raise ImproperlyConfigured(
                "A cluster does not tell one process of changes, so nothing can be kept near it.",
                hint="Use a cluster without `near`, or near copies with a single server or sentinels.",
                code="cache.near",
            )
        self._client.track(changed, lost)

    async def read_living(self, keys: Sequence[str]) -> list[tuple[bytes | None, float | None]]:
        """Return what each key holds, and for how many seconds more; `None` for ever."""
        replies = await self._ask(*(command for key in keys for command in (("GET", key), ("PTTL", key))))
        return [(value, seconds(left)) for value, left in zip(replies[::2], replies[1::2], strict=True)]

    async def read(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Return what each key holds."""
        return await self._ask(*(("GET", key) for key in keys))

    async def write(self, values: Mapping[str, bytes], ttl: float | None) -> None:
        """Let each key hold its bytes."""
        await self._ask(*(setting(key, value, ttl) for key, value in values.items()))

    async def write_new(self, key: str, value: bytes, ttl: float | None) -> bool:
        """Let `key` hold the bytes if it holds nothing."""
        (reply,) = await self._ask((*setting(key, value, ttl), "NX"), again=False)
        return reply is not None

    async def renew(self, keys: Sequence[str], ttl: float) -> None:
        """Let each key hold another version, as soon as the server can be told."""
        await self._tell(self._renewals, {key: lambda key=key: setting(key, changed_version(), ttl) for key in keys})

    async def remove(self, keys: Sequence[str]) -> None:
        """Let the keys hold nothing, as soon as the server can be told."""
        await self._tell(self._removals, {key: lambda key=key: ("UNLINK", key) for key in keys})

    async def count(self, key: str, amount: int, ttl: float | None) -> int:
        """Add to a number."""
        (reply,) = await self._ask(("EVAL", COUNT, 1, key, amount, milliseconds(ttl) if ttl else 0), again=False)
        if reply is None:
            raise no_counter(key)
        return reply

    async def expire(self, key: str, ttl: float | None) -> bool:
        """Let `key` live for `ttl` seconds from now."""
        command: tuple[Command, ...] = (
            (("PEXPIRE", key, milliseconds(ttl)),)
            if ttl
            else (
                ("PERSIST", key),
                ("EXISTS", key),
            )
        )
        return bool((await self._ask(*command))[-1])

    async def remaining(self, keys: Sequence[str]) -> Sequence[float | None]:
        """Return for how long each key holds something."""
        return [seconds(left) for left in await self._ask(*(("PTTL", key) for key in keys))]

    async def own_expire(self, key: str, value: bytes, ttl: float) -> bool:
        """Let `key` live for `ttl` seconds if it holds `value`."""
        (reply,) = await self._ask(("EVAL", OWN_EXPIRE, 1, key, value, milliseconds(ttl)))
        return bool(reply)

    async def own_remove(self, key: str, value: bytes) -> bool:
        """Let `key` hold nothing if it holds `value`; when nobody can tell now, as soon as the server can be told."""
        command = ("EVAL", OWN_REMOVE, 1, key, value)
        try:
            (reply,) = await self._ask(command)
        except Unavailable:
            self._owe(self._releases, {f"{key} {value!r}": lambda: command})
            raise
        return bool(reply)

    async def write_new_and_read(
        self, key: str, value: bytes, ttl: float | None, keys: Sequence[str]
    ) -> tuple[bool, Sequence[bytes | None]]:
        """Do both in one turn, where one server holds all keys: several do not wait for each other."""
        if isinstance(self._client, Cluster):
            return await super().write_new_and_read(key, value, ttl, keys)
        reading = (("GET", each) for each in keys)
        reply, *held = await self._ask((*setting(key, value, ttl), "NX"), *reading, again=False)
        return reply is not None, held

    async def write_and_own_remove(
        self, values: Mapping[str, bytes], ttl: float | None, key: str, value: bytes
    ) -> None:
        """Do both in one turn, where one server holds all keys."""
        if isinstance(self._client, Cluster):
            await super().write_and_own_remove(values, ttl, key, value)
            return
        writing = (setting(each, data, ttl) for each, data in values.items())
        await self._ask(*writing, ("EVAL", OWN_REMOVE, 1, key, value))

    async def ping(self) -> None:
        """Raise `Unavailable` when the server doesn't answer in time, or keeps nothing."""
        await self._ask(self._probe)

    async def close(self) -> None:
        """Close the connection. A cache that is used again opens a new one."""
        await self.computing.close()
        await self._breaker.close()
        await self._client.close()

    @property
    def _probe(self) -> Command:
        # Written, not only asked: a server without memory, or one that became a replica, still answers PING.
        return ("SET", f"{self.prefix}ping", b"1", "PX", 1000)

    async def _ask(self, *commands: Command, again: bool | Callable[[], Iterable[Command]] = True) -> list[Any]:
        """Return the answers, or raise `Unavailable`. What does not answer is not asked any more until it does.

        `again` says that doing it twice does no harm, should the connection be lost before the answer; or what to do
        instead.
        """
        if not commands:
            return []
        self._breaker.check()
        try:
            if self._owes:
                await self._settle()
            try:
                replies = await self._client.ask(*commands)
            except LostConnection:
                if not again:
                    raise
                replies = await self._client.ask(*(commands if again is True else again()))
            for reply in replies:
                if isinstance(reply, Exception):
                    raise reply
        except Exception as error:
            unavailable = self._breaker.unavailable(error)
            if not is_reply(error) or str(error).startswith(DISABLED):
                self._breaker.open(error)
                self._client.reset()
            else:
                log.warning("The cache refused a command: %s", error)
            raise unavailable from error
        return replies

    async def _tell(self, owed: Owed, making: Making) -> None:
        """Carry the commands out, now or before anything else is asked; each is made when it is sent."""
        sent = 0
        try:
            for part in chunks(making):

                def made(part: Making = part) -> list[Command]:
                    return [make() for make in part.values()]

                await self._ask(*made(), again=made)
                sent += len(part)
        except BaseException as error:
            self._owe(owed, dict(islice(making.items(), sent, None)))
            if owed.is_everything:  # nobody reads before all of that is gone
                self._breaker.open(error)
            if not isinstance(error, Unavailable):  # cancelled: perhaps it was never sent
                raise

    def _owe(self, owed: Owed, making: Making) -> None:
        owed.add(making)
        self._owes = True

    async def _settle(self) -> None:
        """Do what is owed, also what came to be owed meanwhile."""
        kinds = self._removals, self._renewals, self._releases
        while self._owes:
            for owed in kinds:
                if owed.is_everything and owed.pattern is not None:
                    await self._wipe(owed, owed.pattern)
                while part := owed.some():
                    await self._sure(*(make() for make in part.values()))
                    owed.paid(part)
            self._owes = any(kinds)

    async def _wipe(self, owed: Owed, pattern: str) -> None:
        """Remove all keys like that."""
        owed.is_everything = False  # what comes to be owed from now on may be too late for this
        try:
            async for keys in self._client.keys(pattern):
                await self._sure(*(("UNLINK", key) for key in keys))
        except BaseException:
            owed.is_everything = True
            raise

    async def _sure(self, *commands: Command) -> None:
        """Send the commands, and raise what the server has against them."""
        for reply in await self._client.ask(*commands):
            if isinstance(reply, Exception):
                raise reply

    async def _heal(self) -> None:
        """Try whether the server answers again, and do what is owed before anybody reads."""
        await self._sure(self._probe)
        await self._client.reach()
        await self._settle()
