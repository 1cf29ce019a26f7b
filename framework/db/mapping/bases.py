"""Abstract models that most tables start from."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from framework.db.mapping.model import Model
from framework.db.mapping.timestamps import now
from framework.db.mapping.uuids import uuid7

__all__ = ["Timestamped", "UUIDKeyed"]


class Timestamped(Model):
    """Rows that know when they were made and last changed."""

    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now, sa_column_kwargs={"onupdate": now})


class UUIDKeyed(Model):
    """Rows with a UUIDv7 for a key: known before they are stored, sorted by the time they were made."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
