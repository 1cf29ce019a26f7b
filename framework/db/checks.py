"""What the database finds wrong with a project."""

from collections.abc import Iterator

from framework.checks import Level, Message, check
from framework.db.mapping.naming import made_before
from framework.db.mapping.resolution import tables_of
from framework.project import Project


@check(tags=("models",))
def tables_are_made_after_the_naming_convention(project: Project) -> Iterator[Message]:
    """Name every table of the project that was made before `framework.db` could name its constraints."""
    for table in tables_of(project):
        if table.key in made_before:
            yield Message(
                Level.ERROR,
                f"Table {table.name!r} was made before framework.db was imported: its constraints have no names,"
                " so no migration can change them.",
                hint="Put 'framework.db' above the app in installed_apps, and import no models in settings or apps.py.",
                code="db.made-before",
                where=table.name,
            )
