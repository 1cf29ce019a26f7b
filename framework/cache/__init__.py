"""The cache: bytes under a key, for a while. Loads no client before one is used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.cache.backends import Cache, MemoryCache, RedisCache
    from framework.cache.settings import CacheSettings

__all__ = ["Cache", "CacheSettings", "MemoryCache", "RedisCache"]

HOMES = {
    "Cache": "framework.cache.backends",
    "CacheSettings": "framework.cache.settings",
    "MemoryCache": "framework.cache.backends",
    "RedisCache": "framework.cache.backends",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
