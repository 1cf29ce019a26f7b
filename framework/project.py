"""A project: settings, apps and services, held by one object and nowhere else."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from framework._modules import defined_in
from framework.apps import Apps
from framework.conf import Settings
from framework.services import Scope, Services

__all__ = ["Project"]


class Project:
    """A loaded project. Make as many as you like in one process; they share no state."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.services = Services(settings)
        self.services.value(Project, self)
        self.apps = Apps(settings.installed_apps)
        list(self.apps.modules("models"))
        for _, module in self.apps.modules("services"):
            for value in vars(module).values():
                if isinstance(value, type) and defined_in(value, module) and "__service__" in vars(value):
                    self.services.provide(value)
        for app in self.apps:
            app.ready(self)

    def scope(self) -> Scope:
        """Open a unit of work outside a request: the very services that a route would get."""
        return self.services.scope()

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        """Enter every app's lifespan in order; leave them in reverse, even when one fails."""
        async with AsyncExitStack() as stack:
            for app in self.apps:
                await stack.enter_async_context(app.lifespan(self))
            yield
