"""What apps do once the tables are as they want them."""

from typing import TYPE_CHECKING

from framework.apps import AppConfig, Apps

if TYPE_CHECKING:
    from framework.project import Project

__all__ = ["is_awaited", "tell_apps"]


def is_awaited(apps: Apps) -> bool:
    """Tell whether an app has something to do after `migrate`, so that the project must be loaded for it."""
    return any(type(app).migrated is not AppConfig.migrated for app in apps)


async def tell_apps(project: "Project") -> list[str]:
    """Let every app do what it does after `migrate`, and return the lines that they have to say."""
    from framework.migrations.migrating import database_of  # not above: whether anything is awaited is asked without

    try:
        return [line for app in project.apps for line in await app.migrated(project)]
    finally:
        # The project may run in another loop next; its connections belong to this one.
        await (await database_of(project)).dispose()
