"""What is said when a migration cannot be carried out."""

from sqlalchemy.exc import DBAPIError

from framework.migrations.errors import MigrationFailed
from framework.migrations.executor.fake_initial import Existing
from framework.migrations.history.graph import Migration, Step

__all__ = ["failure", "half_there", "irreversible", "kept"]


def failure(step: Step, error: Exception) -> MigrationFailed:
    """Say which migration failed, at which statement, and what stands."""
    verb = "apply" if step.forward else "unapply"
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip().partition("\n")[0]
    if isinstance(error, KeyError):  # what SQLite's table was to lose or change
        said = f"there is no {said}"
    statement = f"\n  Statement: {error.statement.strip()}" if isinstance(error, DBAPIError) and error.statement else ""
    return MigrationFailed(
        f"Could not {verb} {step.migration}: {type(error).__name__}: {said}{statement}",
        hint=f"{kept(step)} Correct {step.migration.path} or the data and run migrate again.",
    )


def kept(step: Step) -> str:
    """Return a sentence on what stands after a step broke off."""
    if step.migration.transactional:
        return "Nothing of this migration was kept, all before it stands."
    return (
        "This migration does not run in one transaction: what it did before this statement stands, "
        "and the next run continues here."
    )


def half_there(step: Step, found: Existing) -> MigrationFailed:
    """Return the error for an app's first migration that can neither be noted as applied nor run."""
    return MigrationFailed(
        f"{step.migration} cannot be marked as applied with --fake-initial: the database lacks "
        f"{', '.join(found.missing)}. It cannot be run either: the database has {', '.join(found.there)}.",
        hint="Add what is missing by SQL and run this again; 'python manage.py inspectdb' shows what is there. Or mark "
        f"it as applied anyway: python manage.py migrate {step.migration.app} {step.migration.name} --fake.",
        code="migrations.half-there",
    )


def irreversible(migration: Migration, function: str) -> MigrationFailed:
    """Return the error for a migration without a way back."""
    return MigrationFailed(
        f"{migration} cannot be unapplied: {migration.path} has no {function}().",
        hint="Write one, or restore a backup.",
        code="migrations.irreversible",
    )
