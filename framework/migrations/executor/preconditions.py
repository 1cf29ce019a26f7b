"""What is looked at before anything runs, so that it fails before anything is changed."""

import re
from collections.abc import Sequence

from framework.migrations.errors import MigrationFailed, StateError
from framework.migrations.executor.failures import irreversible
from framework.migrations.history.graph import Step
from framework.migrations.history.loader import load_module
from framework.migrations.operations.transactions import forbidden, needs_no_transaction
from framework.migrations.recorder.progress import Progress
from framework.migrations.state.replay import replay_one
from framework.migrations.state.state import State

__all__ = ["require_finished", "require_runnable"]

SUSPICIOUS = re.compile(r"concurrently|vacuum|system|database|tablespace", re.IGNORECASE)


def require_finished(unfinished: Sequence[Progress], steps: Sequence[Step]) -> None:
    """Raise when a migration that broke off in the middle would be left behind by steps the other way."""
    for progress in unfinished:
        going_on = any(
            (step.migration.app, step.migration.name, step.forward) == (progress.app, progress.name, progress.forward)
            for step in steps
        )
        if not going_on and any(step.forward != progress.forward for step in steps):
            done = "applied" if progress.forward else "unapplied"
            raise MigrationFailed(
                f"{progress} is half {done}: it does not run in one transaction and was interrupted.",
                hint=f"Finish it first: python manage.py migrate {progress.app}"
                + (f" {progress.name}" if progress.forward else " <the migration before it>"),
                code="migrations.unfinished",
            )


def require_runnable(steps: Sequence[Step], state: State) -> None:
    """Raise when one of `steps` cannot be taken back, or holds in a transaction what PostgreSQL runs in none."""
    for step in steps:
        if not step.forward:
            require_way_back(step)
    require_transactions(steps, state)


def require_way_back(step: Step) -> None:
    """Raise unless a file undoes all that it does."""
    module = load_module(step.migration)
    for way, back in (("data", "undo_data"), ("upgrade", "downgrade")):
        if hasattr(module, way) and not hasattr(module, back):
            raise irreversible(step.migration, back)


def require_transactions(steps: Sequence[Step], state: State) -> None:
    """Raise when a file that runs in one transaction holds an operation that cannot.

    Databases agree: what a developer's SQLite takes would otherwise fail on the server.
    """
    suspicious = [
        step
        for step in steps
        if step.forward and step.migration.transactional and SUSPICIOUS.search(step.migration.path.read_text("utf-8"))
    ]
    trial = state.copy()
    for step in steps if suspicious else ():
        try:
            operations = replay_one(step.migration, trial)
        except StateError:
            return  # The database may know more than the files; each operation is looked at again when it is due.
        for operation in operations if step in suspicious else ():
            if needs_no_transaction(operation):
                raise forbidden(step.migration, operation)
