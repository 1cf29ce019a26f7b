"""What the database says, in the framework's words: one place for every statement, flush and commit of a project.

SQL, parameters and the database's own text stay in `__cause__`, for logs.
"""

from sqlalchemy import exc
from sqlalchemy.engine import ExceptionContext

from framework.db.connections.integrity import violation
from framework.db.connections.transactions import failed
from framework.errors import DomainError, FrameworkError, ImproperlyConfigured, Invalid, Unavailable

__all__ = ["is_gone", "translate"]

RETRY_AFTER = 1.0


def translate(context: ExceptionContext) -> BaseException | None:
    """Return the error to raise in the place of the driver's, or `None` when it has none."""
    error = context.original_exception
    if isinstance(error, FrameworkError) or not isinstance(error, Exception):
        return None
    if isinstance(context.sqlalchemy_exception, exc.IntegrityError):
        return violation(context)
    state: str = getattr(error, "sqlstate", None) or SQLITE.get(getattr(error, "sqlite_errorname", ""), "")
    if state == READ_ONLY:
        return read_only()
    if state == FAILED:
        return failed()
    if state[:2] in REFUSED or state in REFUSED:
        return ImproperlyConfigured(
            f"The database refused the connection: {error.args[0]}.",
            hint="Look at DATABASE_URL: the name, the user and the password.",
            code="db.refused",
        )
    if (detail := unfit(state, error)) is not None:
        return Invalid(detail=detail)
    return unavailable(state, error, lost=context.is_disconnect)


READ_ONLY, FAILED = "25006", "25P02"
REFUSED = ("28", "3D000")

# The names of SQLite's errors, by PostgreSQL's code for the same condition.
SQLITE = {
    "SQLITE_READONLY": READ_ONLY,
    "SQLITE_INTERRUPT": "57014",
    "SQLITE_BUSY": "55P03",
    "SQLITE_BUSY_SNAPSHOT": "40001",
    "SQLITE_LOCKED": "55P03",
    "SQLITE_CANTOPEN": "3D000",
}

DETAILS = {
    "57014": ("The database took too long.", "db.timeout"),
    "55P03": ("The database is busy.", "db.locked"),
    "40001": ("Another change came first.", "db.serialization"),
    "40P01": ("Another change came first.", "db.serialization"),
    "53300": ("The database is busy.", "db.exhausted"),
    "57P03": ("The database cannot be reached.", "db.unreachable"),
}

GONE = ("57P01", "57P02", "08000", "08001", "08003", "08004", "08006")
"""What is said of a server that ends; also to who is only connecting, and no connection is lost then."""


def is_gone(error: Exception) -> bool:
    """Tell whether asyncpg itself says that a connection is closed; of one being prepared SQLAlchemy hears nothing."""
    if not type(error).__module__.startswith("asyncpg."):
        return False
    return getattr(error, "sqlstate", None) in GONE or "connection is closed" in str(error)


UNFIT = {
    "22001": "A text is too long.",
    "22003": "A number is out of range.",
    "22021": "A text holds a NUL character.",
}


def unfit(state: str, error: Exception) -> str | None:
    """Return what to say of a value that its column cannot hold, or `None` when it is something else.

    A value of the wrong type is somebody's mistake in the code, and none of these.
    """
    # Both drivers refuse some numbers before the database sees them.
    if isinstance(error, OverflowError) or (state == "22000" and "value out of" in str(error)):
        state = "22003"
    return UNFIT.get(state)


def unavailable(state: str, error: Exception, *, lost: bool) -> DomainError | None:
    """Return the error for a condition that passes, so that the caller can try again."""
    if isinstance(error, TimeoutError):
        state = "57014"
    elif state in GONE or (lost and state not in DETAILS):
        state = "57P03"
    if state not in DETAILS:
        return None
    detail, code = DETAILS[state]
    return Unavailable("database", retry_after=RETRY_AFTER, detail=detail, code=code)


def read_only() -> FrameworkError:
    """Return the error for a write through a `ReadSession`."""
    return FrameworkError(
        "A ReadSession cannot write.",
        hint="Ask for `Session` where something is stored.",
        code="db.read-only",
    )
