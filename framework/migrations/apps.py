"""The migrations as an app: `runserver` tells of what is not applied yet."""

from collections.abc import Sequence

from framework.apps import AppConfig
from framework.project import Project

__all__ = ["MigrationsConfig"]


class MigrationsConfig(AppConfig):
    """The history of every app's tables."""

    name = "framework.migrations"
    label = "migrations"
    requires = ("db",)

    async def preflight(self, project: Project) -> Sequence[str]:
        """Make a database that is not there yet; for one that is, tell what it lacks."""
        from framework.migrations.executor.preflight import prepare

        return await prepare(project)
