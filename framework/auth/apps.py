"""Auth as an app."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from framework.apps import AppConfig
from framework.project import Project

__all__ = ["AuthConfig"]


class AuthConfig(AppConfig):
    """Who may come in, and what they may do."""

    name = "framework.auth"
    label = "auth"
    requires = ("db", "users", "mail", "throttling")

    def ready(self, project: Project) -> None:
        """Provide what is the same for the whole project: passwords, policies, the class of the users, and the like."""
        # Not above: this module is imported to find labels while the first model is being made.
        from framework.auth.access import PermissionNames, Policies
        from framework.auth.events import EventWriter
        from framework.auth.recognition import Recognition
        from framework.auth.services import Passwords
        from framework.auth.settings import AuthSettings
        from framework.users import UserBase, user_model

        self.passwords = Passwords(project.settings.section(AuthSettings).passwords)
        self.events = EventWriter(project)
        self.recognition = Recognition(project, user_model(project))
        services, policies = project.services, Policies(project)
        services.value(Passwords, self.passwords)
        services.value(EventWriter, self.events)
        services.value(type[UserBase], user_model(project))
        services.value(PermissionNames, PermissionNames(project))
        services.value(Policies, policies)
        for policy in policies:
            services.provide(policy)

    async def migrated(self, project: Project) -> Sequence[str]:
        """Store the permissions of models that are new; tell of a table of users that is not the project's own."""
        from framework.auth.permissions import store_permissions
        from framework.auth.tables import read_tables, warn_of_late_swap

        tables = await read_tables(project)
        if tables.permissions:
            await store_permissions(project)
        return warn_of_late_swap(project, tables)

    async def preflight(self, project: Project) -> Sequence[str]:
        """Tell of a table of users that is not the project's own."""
        from framework.auth.tables import warn_before_serving

        return await warn_before_serving(project)

    @asynccontextmanager
    async def lifespan(self, project: Project) -> AsyncGenerator[None]:
        """Store what waits to be stored, and end the threads."""
        await self.recognition.start()
        try:
            yield
        finally:
            await self.recognition.stop()
            await self.events.settled()
            await self.passwords.close()
