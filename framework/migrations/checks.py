"""Checks of the migration files. They ask no database."""

from collections.abc import Iterator

from framework.checks import Level, Message, check
from framework.errors import FrameworkError
from framework.migrations.history.project import graph_of, is_own
from framework.project import Project


@check(tags=("migrations",))
def histories_fit_together(project: Project) -> Iterator[Message]:
    """Find circles, missing parents, several ends, and models that the files don't describe."""
    try:
        graph = graph_of(project)
        graph.require_single_ends()
        missing = apps_with_changes(project)
    except FrameworkError as error:
        yield Message(Level.ERROR, error.message, error.hint, error.code)
        return
    for label in missing:
        app = project.apps[label]
        yield Message(
            Level.WARNING,
            f"The models of app {label!r} have changes that no migration makes.",
            f"Run 'python manage.py makemigrations {label}'." if is_own(project, app) else "Tell its author.",
            "migrations.changes",
            str(app.path),
        )


@check(tags=("migrations",), deploy=True)
def migrations_are_safe(project: Project) -> Iterator[Message]:
    """Find steps that are unsafe while the database is in use, and that no file accepts with a reason."""
    from framework.migrations.safety.gate import judge_all

    try:
        yield from judge_all(project)
    except FrameworkError as error:
        yield Message(Level.ERROR, error.message, error.hint, error.code)


def apps_with_changes(project: Project) -> list[str]:
    """Return the labels of apps whose models are ahead of their migrations."""
    from framework.migrations.makemigrations.planner import apps_with_changes

    return apps_with_changes(project)
