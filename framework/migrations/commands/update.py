"""What `makemigrations --update` does: changes go into the last migration instead of a new one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from framework.management import Invocation
from framework.migrations.commands.printer import relative, sayer
from framework.migrations.history.project import Site, folders_of

if TYPE_CHECKING:
    from framework.migrations.autodetector.arrangement import NewMigration

__all__ = ["update_last"]


def update_last(
    invocation: Invocation,
    project: Site,
    migrations: "Sequence[NewMigration]",
    name: str | None,
    *,
    dry_run: bool,
) -> None:
    """Rewrite the last migration of each app, with the changes in it."""
    from framework.migrations.recorder.status import look
    from framework.migrations.squashing.rewriter import update
    from framework.migrations.writer.files import forget_bytecode

    say = sayer(invocation.verbosity)
    seen = look(invocation, project)
    apps = dict.fromkeys(migration.app for migration in migrations)
    made = {app: update(seen.graph, seen.applied, [new for new in migrations if new.app == app], name) for app in apps}
    for app, found in made.items():
        old = seen.graph.leaves(app)[0].path
        path = folders_of(project)[app] / f"{found.name}.py"
        say(f"Migrations for '{app}':\n  {relative(path)}")
        for line in found.lines:
            say(f"    {line}")
        if dry_run:
            if invocation.verbosity >= 3:
                say(f"Full migrations file '{path.name}':\n{found.text}")
            continue
        path.write_text(found.text, encoding="utf-8")
        if path != old:
            old.unlink()
            forget_bytecode(old)
            say(f"Deleted {relative(old)}")
        forget_bytecode(path)
