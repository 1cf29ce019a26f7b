"""The settings of the database. Loads no driver and no SQLAlchemy."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from framework.conf import Section
from framework.db.url import DatabaseURL
from framework.errors import ImproperlyConfigured

__all__ = ["DatabaseSettings"]


def usable(url: str) -> str:
    """Refuse a URL at load that could not be opened later."""
    try:
        DatabaseURL.parse(url, root=Path())
    except ImproperlyConfigured as error:
        raise ValueError(f"{error.message} {error.hint or ''}".strip()) from None
    return url


class DatabaseSettings(Section):
    """Where the data lives and how connections to it are kept. Times are in seconds."""

    prefix: ClassVar[str] = "database"
    variables: ClassVar[dict[str, str]] = {"DATABASE_URL": "url"}

    url: Annotated[str, AfterValidator(usable)] = "sqlite:///db.sqlite3"
    """Address of the database, as platforms write it; a relative SQLite file is found from the project's root."""
    read_url: Annotated[str, AfterValidator(usable)] | None = None
    """Address of a replica that answers `ReadSession`; the database itself when left out."""
    pool_size: PositiveInt = 5
    """Connections kept open."""
    max_overflow: NonNegativeInt = 10
    """Connections opened above `pool_size` when all are busy, closed afterwards."""
    pool_timeout: NonNegativeFloat = 5
    """How long a caller waits for a connection before it is told to come back later (503)."""
    pool_recycle: PositiveFloat = 1800
    """Age after which a connection is replaced by a new one."""
    idle_check: NonNegativeFloat = 30
    """Idle time after which a connection is tested before it is used again; 0 tests every time."""
    connect_timeout: PositiveFloat = 10
    """How long opening a connection may take."""
    statement_timeout: NonNegativeFloat = 30
    """How long PostgreSQL works on one statement before it cancels it; 0 for no limit."""
    client_check: NonNegativeFloat = 5
    """How often PostgreSQL looks, while it works on a statement, whether this process is still there; one that was
    killed would leave its statements running. 0 leaves it to the server: for PgBouncer, and servers on Windows."""
    busy_timeout: NonNegativeFloat = 5
    """How long SQLite waits for a lock that another process holds."""
    journal_mode: Literal["wal", "delete", "truncate", "persist"] = "wal"
    """How SQLite writes: with `wal` readers and the writer don't wait for each other."""
    synchronous: Literal["off", "normal", "full", "extra"] = "normal"
    """How often SQLite waits for the disk; `normal` is safe with `wal`, but a power cut may cost the last commits."""
    pragmas: dict[str, str | int] = Field(default_factory=dict[str, str | int])
    """More settings of SQLite, given to every connection: `{"cache_size": -64000}`."""
    echo: bool = False
    """Log every statement."""
