"""When a row was made."""

from datetime import UTC, datetime

__all__ = ["now"]


def now() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC)
