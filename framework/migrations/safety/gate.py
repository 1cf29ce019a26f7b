"""Looks at the migrations that are about to run, and at all that a project has written."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.operations import ops

from framework.checks import Level, Message
from framework.errors import CommandError
from framework.migrations.history.graph import Graph, Migration, Step
from framework.migrations.operations.transactions import needs_no_transaction
from framework.migrations.safety.examination import examine, follow, judge
from framework.migrations.safety.rule import Finding
from framework.migrations.state.mutations import apply_operation
from framework.migrations.state.replay import replay, replay_one
from framework.migrations.state.state import State

if TYPE_CHECKING:
    from framework.migrations.autodetector.arrangement import NewMigration
    from framework.project import Project

__all__ = ["has_data", "judge_all", "judge_new", "require_safe"]


def require_safe(graph: Graph, applied: set[str], steps: Sequence[Step], dialect: str) -> list[Message]:
    """Raise unless all of `steps` are safe for those who use the database meanwhile; return the warnings there are.

    Tables that the run itself creates are empty: a new database passes.
    """
    state, empty, found = replay(graph, applied), set[str](), list[Message]()
    for step in steps:
        if not step.forward:
            raise CommandError(
                f"{step.migration} would be unapplied, and --safe-only only applies migrations.",
                hint="What a downgrade drops is lost. Leave --safe-only out if that is intended.",
                code="migrations.unsafe",
                exit_code=3,
            )
        found.extend(pass_one(step.migration, state, dialect, empty))
    if errors := [message for message in found if message.level >= Level.ERROR]:
        listed = "\n".join(f"  {item.text}\n    {item.hint}  [{item.code}]" for item in errors)
        raise CommandError(
            f"Nothing was migrated: {len(errors)} unsafe step(s).\n{listed}",
            hint="Let `makemigrations --safe` write the safe steps, or accept a harmless one in its file: "
            f'`accepted = {{"{errors[0].code.removeprefix("migrations.safety.")}": "why it does no harm here"}}`.',
            code="migrations.unsafe",
            exit_code=3,
        )
    return found


def pass_one(migration: Migration, state: State, dialect: str, empty: set[str]) -> list[Message]:
    """Bring `state` past a migration, and `empty` past the tables it creates; return what is to be said about it."""
    before = state.copy()
    operations: Sequence[ops.MigrateOperation] = replay_one(migration, state)
    findings = list(examine(migration, operations, before, dialect, empty, has_data(migration)))
    for operation in operations:
        follow(operation, empty)
    return list(judge(findings, migration))


def has_data(migration: Migration) -> bool:
    """Tell whether a migration works on rows after its operations."""
    return re.search(r"^(async )?def data\(", migration.path.read_text(encoding="utf-8"), re.MULTILINE) is not None


def judge_new(graph: Graph, migrations: Sequence["NewMigration"]) -> list[Finding]:
    """Return what is unsafe on PostgreSQL about migrations that are not written yet, in their order."""
    state, found = replay(graph), list[Finding]()
    for new in migrations:
        operations = [item for change in new.changes for item in change.forward]
        apart = any(change.data for change in new.changes) or any(map(needs_no_transaction, operations))
        migration = Migration(new.app, new.name, new.revision, Path(new.name), transactional=not apart)
        found.extend(examine(migration, operations, state, "postgresql"))
        for operation in operations:
            apply_operation(operation, state, new.app)
    return found


def judge_all(project: "Project") -> Iterator[Message]:
    """Yield what is to be said about the migrations of the project's own apps, applied or not."""
    from framework.db import DatabaseSettings
    from framework.db.url import DatabaseURL
    from framework.migrations.history.project import graph_of, is_own
    from framework.migrations.settings import MigrationsSettings

    url = project.settings.section(DatabaseSettings).url
    dialect = DatabaseURL.parse(url, root=project.settings.root).backend
    trusted = project.settings.section(MigrationsSettings).trusted
    own = {app.app_label for app in project.apps if is_own(project, app)}
    graph, state = graph_of(project), State()
    for revision in graph.order:
        migration = graph.nodes[revision]
        found = pass_one(migration, state, dialect, set())
        if migration.app in own and migration.name > trusted.get(migration.app, ""):
            for message in found:
                out = f'Applied everywhere? MIGRATIONS__TRUSTED=\'{{"{migration.app}": "{migration.name}"}}\''
                yield replace(message, hint=f"{message.hint} {out}") if message.level >= Level.ERROR else message
