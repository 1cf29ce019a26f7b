"""The settings of the migrations."""

from pydantic import Field

from framework.conf import Section

__all__ = ["MigrationsSettings"]


class MigrationsSettings(Section):
    """Where migrations are kept, and how long they wait."""

    folders: dict[str, str] = Field(default_factory=dict[str, str])
    """Other folders for the migrations of apps, by label and from the root: `{"audit": "audit_migrations"}`."""
    lock_timeout: float = Field(default=3.0, ge=0)
    """Seconds that a statement on PostgreSQL waits for a table in use, with all queries of that table behind it, before
    the migration lets them pass and tries again; 0 waits for ever."""
    lock_attempts: int = Field(default=10, ge=1)
    """How often a migration is tried when tables stay in use."""
    trusted: dict[str, str] = Field(default_factory=dict[str, str])
    """By app, the last migration whose safety `check --deploy` takes for granted, as that of all before it, which were
    applied long ago: `{"blog": "0012_post_slug"}`."""
