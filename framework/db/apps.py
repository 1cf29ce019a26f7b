"""The database as an app: models are resolved, sessions provided, connections closed with the project."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from framework.apps import AppConfig, Probe
from framework.db.settings import DatabaseSettings
from framework.project import Project

if TYPE_CHECKING:
    from framework.db.sessions.database import Database


class DbConfig(AppConfig):
    """Models, sessions and the database they reach."""

    name = "framework.db"
    label = "db"

    def ready(self, project: Project) -> None:
        """Provide `Database`, `Session`, `ReadSession` and the repositories."""
        # Not above: this module is imported to find labels while the first model is being made.
        from framework.db.mapping.resolution import resolve_models
        from framework.db.queries.read_repository import ReadRepository
        from framework.db.queries.repository import Repository
        from framework.db.sessions.database import Database, open_read_session, open_session
        from framework.db.sessions.session import ReadSession, Session, UnitOfWork

        resolve_models(project)
        services, settings = project.services, project.settings
        services.value(Database, Database(settings.section(DatabaseSettings), settings.root, debug=settings.debug))
        services.provide(UnitOfWork)
        services.provide(Session, open_session)
        services.provide(ReadSession, open_read_session)
        services.provide(Repository)
        services.provide(ReadRepository)

    def health(self, project: Project) -> Mapping[str, Probe]:
        """Ask the database, and the replica if there is one."""
        probes = {"database": asking(project, lambda database: database.ping())}
        if project.settings.section(DatabaseSettings).read_url:
            probes["replica"] = asking(project, lambda database: database.ping_replica())
        return probes

    @asynccontextmanager
    async def lifespan(self, project: Project) -> AsyncGenerator[None]:
        """Close the connections when the project stops."""
        try:
            yield
        finally:
            await (await database_of(project)).dispose()


def asking(project: Project, ask: Callable[["Database"], Awaitable[None]]) -> Probe:
    """Return a probe that asks the project's database."""

    async def probe() -> None:
        await ask(await database_of(project))

    return probe


async def database_of(project: Project) -> "Database":
    """Return the project's database."""
    from framework.db.sessions.database import Database

    async with project.scope() as scope:  # the one that a test or a setting may have put in its place
        return await scope.get(Database)
