"""The app that sets logging up."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from framework import AppConfig, Project
from framework.log.setup import configure


class LogConfig(AppConfig):
    """Logs of every logger in one form, on stderr. Belongs first in `installed_apps`."""

    name = "framework.log"

    def ready(self, project: Project) -> None:
        """Set logging up, for commands too."""
        configure(project)

    @asynccontextmanager
    async def lifespan(self, project: Project) -> AsyncGenerator[None]:
        """Set it up again: a server that was made after the project has brought its own handlers."""
        configure(project)
        yield
