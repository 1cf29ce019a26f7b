"""The cache as an app."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from framework.apps import AppConfig, Probe
from framework.cache.settings import CacheSettings
from framework.project import Project


class CacheConfig(AppConfig):
    """Keeps values that are costly to make: in memory, or in Redis when `REDIS_URL` is set."""

    name = "framework.cache"

    def ready(self, project: Project) -> None:
        """Provide `Cache`."""
        # Not above: settings files import this package, and `apps.py` is read to find its label.
        from framework.cache.backends import Cache, MemoryCache, RedisCache

        settings = project.settings.section(CacheSettings)
        if settings.url is None:
            self.cache: Cache = MemoryCache(ttl=settings.ttl, max_entries=settings.max_entries)
        else:
            self.cache = RedisCache(
                settings.url,
                prefix=settings.prefix,
                ttl=settings.ttl,
                timeout=settings.timeout,
                max_connections=settings.max_connections,
            )
        project.services.value(Cache, self.cache)

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


async def ping(project: Project) -> None:
    """Ask the cache that services get: the project's own, or what a test or a setting put in its place."""
    from framework.cache.backends import Cache

    async with project.scope() as scope:
        await (await scope.get(Cache)).ping()
