"""The settings of the migrations."""

from pydantic import Field

from framework.conf import Section

__all__ = ["MigrationsSettings"]


class MigrationsSettings(Section):
    """Where migrations are kept."""

    folders: dict[str, str] = Field(default_factory=dict[str, str])
    """Other folders for the migrations of apps, by label and from the root: `{"audit": "audit_migrations"}`."""
