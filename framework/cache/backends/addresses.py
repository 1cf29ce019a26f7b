"""From the URL of a server, of its sentinels or of a cluster to connections."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from redis.asyncio.client import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import AbstractConnection, BlockingConnectionPool, ConnectionPool, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from framework.errors import ImproperlyConfigured

__all__ = ["Server", "cluster_at", "is_cluster", "redis_client", "server_at"]


@dataclass(frozen=True, slots=True)
class Server:
    """How to reach one server, whichever of a group it is just now."""

    connection: Callable[[], AbstractConnection]
    """Makes a connection that is not open yet."""
    close: Callable[[], Awaitable[object]]


def is_cluster(url: str) -> bool:
    """Tell whether a URL names a cluster."""
    return urlsplit(url).scheme.endswith("+cluster")


def server_at(url: str, timeout: float) -> Server:
    """Return the server at a URL: `redis://`, `rediss://`, `unix://`, or the master that sentinels know of."""
    try:
        parts = urlsplit(url)
        server = by_sentinels(parts, timeout) if parts.scheme.endswith("+sentinel") else alone(url, timeout)
        server.connection()  # not opened: only to see whether it takes all the options
    except (ValueError, TypeError) as error:
        raise unusable(error) from None
    return server


def redis_client(url: str, *, timeout: float, max_connections: int) -> tuple[Any, Callable[[], Awaitable[object]]]:
    """Return redis-py's client of what a URL names, and what closes it: for who asks what a cache has no method for.

    A caller waits when all `max_connections` are in use. Of a cluster every node may have as many.
    """
    try:
        parts = urlsplit(url)
        if is_cluster(url):
            cluster = cluster_at(url, timeout)
            return cluster, cluster.aclose
        server_at(url, timeout)  # refuses what is no address
        # Once more, at once: a server that was restarted leaves closed connections in the pool.
        limits: dict[str, Any] = {"max_connections": max_connections, "retry": Retry(NoBackoff(), 1)}
        if not parts.scheme.endswith("+sentinel"):
            limits = {**options(timeout), **limits, "timeout": timeout}
            pool: Any = BlockingConnectionPool.from_url(url, **limits)  # pyright: ignore[reportUnknownMemberType]
            return Redis.from_pool(pool), pool.aclose
        sentinel, name, given = master_of(parts, timeout)
        client = sentinel.master_for(name, **{**given, **limits})
        return client, closing(sentinel, client.connection_pool)
    except ValueError as error:
        raise unusable(error) from None


def alone(url: str, timeout: float) -> Server:
    pool: Any = ConnectionPool.from_url(url, **options(timeout))  # pyright: ignore[reportUnknownMemberType]

    def connection() -> AbstractConnection:
        return pool.connection_class(**pool.connection_kwargs)

    return Server(connection, pool.disconnect)


def master_of(parts: SplitResult, timeout: float) -> tuple[Any, str, dict[str, Any]]:
    """Return the sentinels, the name of their master, and how to reach it."""
    name, _, database = parts.path.strip("/").partition("/")
    if not name:
        raise ValueError(
            "wanted the name of the master after the sentinels, as in redis+sentinel://host:26379/mymaster"
        )
    secure: dict[str, Any] = {"ssl": True} if parts.scheme.startswith("rediss") else {}
    asked = given_in(parts)
    own = {key: asked.pop(f"sentinel_{key}") for key in ("username", "password") if f"sentinel_{key}" in asked}
    secure |= {key: asked.pop(key) for key in [*asked] if key.startswith("ssl_")}
    sentinel: Any = Sentinel(hosts(parts, 26379), sentinel_kwargs={**options(timeout), **secure, **own})
    known = {**options(timeout), **secure, **credentials(parts), "db": int(database or 0)}
    return sentinel, name, {**known, **asked}


def by_sentinels(parts: SplitResult, timeout: float) -> Server:
    """Return the master of a group: `redis+sentinel://:password@host:26379,host2:26379/mymaster/0`.

    Sentinels with a password of their own get `?sentinel_password=`, and `sentinel_username=`.
    """
    sentinel, name, given = master_of(parts, timeout)
    pool: Any = sentinel.master_for(name, **given).connection_pool

    def connection() -> AbstractConnection:
        return pool.connection_class(**pool.connection_kwargs)

    return Server(connection, closing(sentinel, pool))


def closing(sentinel: Any, pool: Any) -> Callable[[], Awaitable[object]]:
    async def close() -> None:
        for each in sentinel.sentinels:
            await each.aclose()
        await pool.disconnect()

    return close


def cluster_at(url: str, timeout: float) -> RedisCluster:
    """Return the client of a cluster: `redis+cluster://:password@host:6379,host2:6379`."""
    try:
        parts = urlsplit(url)
        nodes = [ClusterNode(host, port) for host, port in hosts(parts, 6379)]
        if parts.path.strip("/"):
            raise ValueError("a cluster has no numbered databases")
        asked, is_secure = given_in(parts), parts.scheme.startswith("rediss")
        if not is_secure and any(key.startswith("ssl_") for key in asked):
            raise ValueError("options of TLS are for rediss+cluster://")
        limits: Any = {**options(timeout), "retry": Retry(NoBackoff(), 1), **credentials(parts), **asked}
        return RedisCluster(startup_nodes=nodes, ssl=is_secure, **limits)
    except (ValueError, TypeError) as error:
        raise unusable(error) from None


def options(timeout: float) -> dict[str, Any]:
    return {
        "protocol": 3,
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
    }


def given_in(parts: SplitResult) -> dict[str, Any]:
    """Return the options in a URL's query, as the client takes them."""
    options = dict(parse_url(f"redis://host?{parts.query}"))
    del options["host"]
    return options


def credentials(parts: SplitResult) -> dict[str, str]:
    found = {"username": parts.username, "password": parts.password}
    return {name: unquote(value) for name, value in found.items() if value}


def hosts(parts: SplitResult, port: int) -> list[tuple[str, int]]:
    """Return the hosts of a URL that names several, separated by commas."""
    places = [
        urlsplit(urlunsplit(("redis", place, "", "", ""))) for place in parts.netloc.rpartition("@")[2].split(",")
    ]
    return [(place.hostname or "localhost", place.port or port) for place in places]


def unusable(error: Exception) -> ImproperlyConfigured:
    """Return the error for a URL that no client can use."""
    if isinstance(error, TypeError):  # as Python says it of an argument that nobody takes
        error = ValueError(f"the client has no option {str(error).rpartition(' ')[2]}")
    return ImproperlyConfigured(f"The URL of the cache cannot be used: {error}.", code="cache.url")
