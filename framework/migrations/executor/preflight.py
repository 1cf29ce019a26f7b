"""What `runserver` does about migrations before it serves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from framework.migrations.database.connection import database_of
from framework.migrations.executor.project import executor_of, tell_apps, unapplied
from framework.migrations.history.graph import Step

if TYPE_CHECKING:
    from framework.project import Project

__all__ = ["notice", "prepare"]


async def prepare(project: "Project") -> Sequence[str]:
    """Migrate an SQLite database in debug when its file is missing; otherwise return Django's notice, if any."""
    path = (await database_of(project)).url.path
    missing = path is not None and not (path.exists() and path.stat().st_size)
    async with executor_of(project) as executor:
        if missing and not project.settings.debug:
            # Asking it would make an empty file.
            return notice(executor.graph.forwards(executor.graph.order, ()))
        steps = await unapplied(executor)
        if missing and steps:
            await executor.run(steps)
            said = await tell_apps(project)
            return [f"Created {path} and applied {len(steps)} migration(s).", *said]
        return notice(steps)


def notice(steps: Sequence[Step]) -> list[str]:
    """Return the lines Django prints about migrations that are not applied."""
    if not steps:
        return []
    apps = ", ".join(sorted({step.migration.app for step in steps}))
    return [
        f"\nYou have {len(steps)} unapplied migration(s). Your project may not work properly until you apply the "
        f"migrations for app(s): {apps}.",
        "Run 'python manage.py migrate' to apply them.",
    ]
