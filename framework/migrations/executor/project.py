"""Brings a project's database to where its migrations lead."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from framework.conf import Settings
from framework.db.settings import DatabaseSettings
from framework.db.url import DatabaseURL
from framework.migrations.database.connection import database_of, open_engine
from framework.migrations.database.retries import RetryPolicy
from framework.migrations.executor.executor import Executor
from framework.migrations.history.graph import Graph, Step
from framework.migrations.history.project import graph_of
from framework.migrations.recorder.reader import unreadable
from framework.migrations.settings import MigrationsSettings

if TYPE_CHECKING:
    from framework.project import Project

__all__ = ["executor_at", "executor_of", "migrate", "tell_apps", "unapplied"]


async def migrate(project: "Project") -> None:
    """Apply every migration of every installed app, then let the apps bring their rows up to date.

    Works inside a running event loop, and when there is nothing to do. Raises `MigrationFailed` at the first that
    fails; those before it stay.
    """
    async with executor_of(project) as executor:
        await executor.run(await unapplied(executor))
    await tell_apps(project)


async def unapplied(executor: Executor) -> list[Step]:
    """Return the steps that are still to be made, in order."""
    applied = await executor.applied()
    executor.graph.require_single_ends()
    return executor.graph.forwards(executor.graph.order, applied)


async def tell_apps(project: "Project") -> list[str]:
    """Let every app do what it does after `migrate`, and return the lines that they have to say."""
    try:
        return [line for app in project.apps for line in await app.migrated(project)]
    finally:
        # The project may run in another loop next; its connections belong to this one.
        await (await database_of(project)).dispose()


@asynccontextmanager
async def executor_of(project: "Project") -> AsyncGenerator[Executor]:
    """Open what runs migrations on the project's database."""
    url = (await database_of(project)).url
    async with executor_at(url, project.settings, graph_of(project)) as executor:
        yield executor


@asynccontextmanager
async def executor_at(url: DatabaseURL, settings: Settings, graph: Graph) -> AsyncGenerator[Executor]:
    """Open what runs the migrations of a history on a database; no project is needed for it.

    SQLite's file, if it is not there yet, is made in the mode in which the application will use it.
    """
    if url.path is not None and not url.path.parent.is_dir():
        raise unreadable(url, FileNotFoundError(f"there is no folder {url.path.parent}"))
    engine = open_engine(url, settings.section(DatabaseSettings).journal_mode)
    limits = settings.section(MigrationsSettings)
    try:
        yield Executor(engine, graph, RetryPolicy(limits.lock_timeout, limits.lock_attempts))
    except (OSError, OperationalError) as error:
        if isinstance(error, OperationalError) and error.statement is not None:
            raise
        raise unreadable(url, error.orig or error if isinstance(error, OperationalError) else error) from error
    finally:
        await engine.dispose()
