"""The audit: what happened to accounts, and where it came from."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON

from framework.auth.models.moments import now
from framework.db import Field, UUIDKeyed

__all__ = ["SecurityEvent"]


class SecurityEvent(UUIDKeyed, table=True):
    """One thing that happened: a login, a failed one, a changed password. It outlives its user."""

    at: datetime = Field(default_factory=now, index=True)
    kind: str = Field(max_length=50, index=True)
    """`login`, `login.failed`, `password.changed` and the like."""
    user_id: int | None = Field(default=None, foreign_key="users.User.id", ondelete="SET NULL", index=True)
    login: str = Field(default="", max_length=254)
    """Who it was about, as it was typed and normalised; never a password."""
    client: str = Field(default="", max_length=64)
    """The address that it came from; empty for commands."""
    user_agent: str = Field(default="", max_length=400)
    request_id: str = Field(default="", max_length=128)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
