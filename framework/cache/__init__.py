"""The cache: typed values under keys, for a while. Loads no client before one is used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.cache.backends.addresses import redis_client
    from framework.cache.backends.memory import MemoryCache
    from framework.cache.backends.null import NullCache
    from framework.cache.backends.redis import RedisCache
    from framework.cache.backends.two_level import TwoLevelCache
    from framework.cache.cache import Cache
    from framework.cache.cached import cached
    from framework.cache.locks import Lock
    from framework.cache.settings import CacheSettings
    from framework.cache.tags import Tag

__all__ = [
    "Cache",
    "CacheSettings",
    "Lock",
    "MemoryCache",
    "NullCache",
    "RedisCache",
    "Tag",
    "TwoLevelCache",
    "cached",
    "redis_client",
]

HOMES = {
    "Cache": "framework.cache.cache",
    "CacheSettings": "framework.cache.settings",
    "Lock": "framework.cache.locks",
    "MemoryCache": "framework.cache.backends.memory",
    "NullCache": "framework.cache.backends.null",
    "RedisCache": "framework.cache.backends.redis",
    "Tag": "framework.cache.tags",
    "TwoLevelCache": "framework.cache.backends.two_level",
    "cached": "framework.cache.cached",
    "redis_client": "framework.cache.backends.addresses",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
