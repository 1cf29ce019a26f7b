"""The cache: typed values under keys, for a while. Loads no client before one is used."""

from typing import TYPE_CHECKING

from framework.lazy import front_door

if TYPE_CHECKING:
    from framework.cache.backends.addresses import redis_client
    from framework.cache.backends.memory import MemoryCache
    from framework.cache.backends.null import NullCache
    from framework.cache.backends.redis import RedisCache
    from framework.cache.backends.two_level import TwoLevelCache
    from framework.cache.cache import Cache
    from framework.cache.decorator import cached
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

__getattr__, __dir__ = front_door(
    __name__,
    {
        "backends.addresses": ["redis_client"],
        "backends.memory": ["MemoryCache"],
        "backends.null": ["NullCache"],
        "backends.redis": ["RedisCache"],
        "backends.two_level": ["TwoLevelCache"],
        "cache": ["Cache"],
        "decorator": ["cached"],
        "locks": ["Lock"],
        "settings": ["CacheSettings"],
        "tags": ["Tag"],
    },
)
