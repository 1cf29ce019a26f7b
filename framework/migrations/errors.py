"""What goes wrong with migrations: the files don't fit together, or not their state, or not the database."""

from framework.errors import CommandError, FrameworkError

__all__ = ["HistoryError", "MigrationFailed", "StateError"]


class HistoryError(CommandError):
    """The migration files don't fit together."""

    code = "migrations.history"


class StateError(FrameworkError):
    """An operation does not fit the state that the migrations before it lead to."""

    code = "migrations.state"


class MigrationFailed(FrameworkError):
    """A migration could not be carried out; the message says what of it was kept."""

    code = "migrations.failed"
