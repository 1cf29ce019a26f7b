"""Personal keys for programs."""

from datetime import datetime

from sqlalchemy import JSON

from framework.auth.models.moments import now
from framework.db import Field, UUIDKeyed

__all__ = ["ApiKey"]


class ApiKey(UUIDKeyed, table=True):
    """A key by which a program acts for a user."""

    user_id: int = Field(foreign_key="users.User.id", ondelete="CASCADE", index=True)
    name: str = Field(max_length=100)
    """What the user calls it."""
    prefix: str = Field(max_length=16, unique=True)
    """The beginning of the key, which may be shown."""
    hash: str = Field(max_length=64, exclude=True, repr=False)
    """SHA-256 of the key, in hexadecimal."""
    scopes: list[str] = Field(default_factory=list, sa_type=JSON)
    """What it may be used for."""
    created_at: datetime = Field(default_factory=now)
    expires_at: datetime | None = None
    used_at: datetime | None = None
    revoked_at: datetime | None = None
