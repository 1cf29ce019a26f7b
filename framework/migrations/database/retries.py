"""How long a migration waits for a lock, and how often it tries.

An ALTER TABLE that waits for a lock keeps all later queries of that table waiting behind it. So it waits a moment only,
lets those pass, and tries again.
"""

from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

__all__ = ["RetryPolicy", "is_contention"]

CONTENTION = {"55P03", "40P01"}
"""lock_not_available and deadlock_detected: the transaction is gone, and may do better another time."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The limits of one run."""

    lock_timeout: float = 3.0
    """Seconds; 0 waits for ever."""
    attempts: int = 10

    def apply(self, connection: Connection) -> None:
        """Limit the waiting in the transaction that `connection` is in."""
        if connection.dialect.name == "postgresql" and self.lock_timeout:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(self.lock_timeout * 1000)}")

    def pause(self, attempt: int) -> float:
        """Return how many seconds to let others pass after an attempt, counted from 1."""
        return min(0.5 * 2 ** (attempt - 1), 10.0)

    def allows(self, error: Exception, attempt: int) -> bool:
        """Tell whether to try again after an attempt that ended in `error`."""
        return is_contention(error) and attempt < self.attempts

    def say(self, attempt: int) -> str:
        """Return what a person reads between two attempts."""
        return (
            f"a table is in use elsewhere; letting others pass for {self.pause(attempt):g} s "
            f"(attempt {attempt} of {self.attempts})"
        )


def is_contention(error: Exception) -> bool:
    """Tell whether a statement failed because others held a lock."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in CONTENTION
