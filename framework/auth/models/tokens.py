"""Tokens that are sent by mail."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON

from framework.auth.models.moments import now
from framework.db import Field, UUIDKeyed

__all__ = ["ActionToken"]


class ActionToken(UUIDKeyed, table=True):
    """A token that proves, once, that somebody reads the mail sent to an address."""

    purpose: str = Field(max_length=20)
    """`registration`, `invite`, `verify_email`, `reset_password` or `change_email`."""
    user_id: int | None = Field(default=None, foreign_key="users.User.id", ondelete="CASCADE", index=True)
    email: str = Field(max_length=254, index=True)
    """Where it was sent."""
    hash: str = Field(max_length=64, unique=True, exclude=True, repr=False)
    """SHA-256 of the token, in hexadecimal."""
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(default_factory=now)
    expires_at: datetime = Field(index=True)
    used_at: datetime | None = None
