"""The cache as an app."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from framework.apps import AppConfig, Probe
from framework.cache.settings import CacheSettings
from framework.errors import ImproperlyConfigured, Unavailable
from framework.project import Project

if TYPE_CHECKING:
    from framework.cache.cache import Cache


class CacheConfig(AppConfig):
    """Keeps values that are costly to make: in memory, or in Redis when `REDIS_URL` is set."""

    name = "framework.cache"

    def ready(self, project: Project) -> None:
        """Provide `Cache`."""
        # Not above: settings files import this package, and `apps.py` is read to find its label.
        from framework.cache.cache import Cache

        self.cache = made(project.settings.section(CacheSettings))
        project.services.value(Cache, self.cache)
        if "db" in project.apps:
            follow(project)

    def health(self, project: Project) -> Mapping[str, Probe]:
        """Ask the cache that services get."""
        return {"cache": lambda: ping(project)}

    @asynccontextmanager
    async def lifespan(self, project: Project) -> AsyncGenerator[None]:
        """Close the cache with the project. One that was put in its place belongs to whoever did."""
        try:
            yield
        finally:
            await self.cache.close()


def follow(project: Project) -> None:
    """Invalidate what depends on rows when they are changed: after the commit, and only then."""
    from framework.cache.cache import Cache
    from framework.cache.tags import names_of_tables
    from framework.db import Changes, Database

    database = project.services.find_value(Database)
    if database is None:
        raise ImproperlyConfigured(
            "The cache is installed before the database, whose changes it is to follow.",
            hint="Put 'framework.db' above 'framework.cache' in installed_apps.",
            code="cache.order",
        )

    async def invalidate(changes: Changes) -> None:
        async with project.scope() as scope:  # the one that a test or a setting may have put in its place
            cache = await scope.get(Cache)
        await cache.tags.invalidate(names_of_tables(changes.tables))

    database.on_change(invalidate)


def made(settings: CacheSettings) -> "Cache":
    """Return the cache that the settings describe."""
    from framework.cache.backends.memory import MemoryCache
    from framework.cache.backends.null import NullCache

    options: dict[str, Any] = settings.model_dump(include={"prefix", "version", "ttl", "jitter"})
    if not settings.enabled:
        return NullCache(**options)
    memory = MemoryCache(max_entries=settings.max_entries, max_bytes=settings.max_bytes, **options)
    if settings.url is None:
        return memory

    from framework.cache.backends.redis import RedisCache
    from framework.cache.backends.two_level import TwoLevelCache

    server = RedisCache(settings.url, timeout=settings.timeout, **options)
    return TwoLevelCache(memory, server) if settings.near else server


async def ping(project: Project) -> str | None:
    """Ask the cache that services get: the project's own, or what a test or a setting put in its place.

    A cache that does not answer makes the project slower, and no request fail.
    """
    from framework.cache.cache import Cache

    async with project.scope() as scope:
        cache = await scope.get(Cache)
    try:
        await cache.ping()
    except Unavailable as error:
        return f"the cache does not answer: {error.__cause__ or error.detail}"
    return None
