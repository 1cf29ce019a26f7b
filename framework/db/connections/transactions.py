"""A transaction in which a statement failed cannot be committed, on either database."""

from typing import Any

from sqlalchemy import Connection, Engine, event

from framework.errors import FrameworkError

__all__ = ["failed", "watch_transactions"]

MARK = "failed"


def failed() -> FrameworkError:
    """Return the error for going on in a transaction after a statement of it failed."""
    return FrameworkError(
        "An earlier statement of this transaction failed, so nothing of it can be stored.",
        hint=(
            "Let the error leave the scope, which rolls back; or put what may fail in a savepoint and catch the error"
            " around it: `async with session.begin_nested(): ...`."
        ),
        code="db.failed-transaction",
    )


def watch_transactions(engine: Engine) -> None:
    """Refuse to commit, or to go on with savepoints, after an error that only a rollback can mend.

    PostgreSQL answers such a COMMIT with a silent rollback, and SQLite stores the other half of the work.
    """

    @event.listens_for(engine, "handle_error")
    def _(context: Any) -> None:
        connection: Connection | None = context.connection
        if connection is not None and not connection.invalidated and connection.in_transaction():
            connection.info[MARK] = True

    def forget(connection: Connection, *_: Any) -> None:
        if not connection.invalidated:
            connection.info.pop(MARK, None)

    def refuse(connection: Connection, *_: Any) -> None:
        if not connection.invalidated and MARK in connection.info:
            raise failed()

    for name in ("begin", "rollback", "rollback_savepoint"):
        event.listen(engine, name, forget)
    for name in ("savepoint", "release_savepoint", "commit"):
        event.listen(engine, name, refuse)
