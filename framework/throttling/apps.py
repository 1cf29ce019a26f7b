"""Throttling as an app."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from framework.apps import AppConfig
from framework.cache import CacheSettings
from framework.project import Project
from framework.throttling.settings import ThrottlingSettings


class ThrottlingConfig(AppConfig):
    """Says how often users and clients may do things: in memory, or for all processes when `REDIS_URL` is set."""

    name = "framework.throttling"
    requires = ("cache",)

    def ready(self, project: Project) -> None:
        """Provide `Throttler`."""
        from framework.throttling.stores import Memory, Redis
        from framework.throttling.throttler import Throttler
        from framework.throttling.windows import FixedWindows, SlidingWindows

        settings, cache = project.settings.section(ThrottlingSettings), project.settings.section(CacheSettings)
        url = settings.url or cache.url or "memory"
        stores = (
            Memory(settings.max_keys)
            if url == "memory"
            else Redis(
                url,
                prefix=cache.prefix + settings.prefix,
                timeout=settings.timeout,
                retry=settings.retry,
                max_connections=cache.max_connections,
                max_keys=settings.max_keys,
            )
        )
        self.throttler = Throttler(
            stores,
            FixedWindows() if settings.strategy == "fixed" else SlidingWindows(),
            rates=settings.rates,
            enabled=settings.enabled,
        )
        project.services.value(Throttler, self.throttler)

    @asynccontextmanager
    async def lifespan(self, project: Project) -> AsyncGenerator[None]:
        """Close the connections with the project."""
        try:
            yield
        finally:
            await self.throttler.close()
