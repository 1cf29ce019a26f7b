"""Devices that are logged in, by a session or by tokens."""

from datetime import datetime
from uuid import UUID

from framework.auth.models.moments import now
from framework.db import Field, UUIDKeyed

__all__ = ["Login", "RefreshToken"]


class Login(UUIDKeyed, table=True):
    """One device on which a user is logged in: a browser's session, or a family of tokens."""

    user_id: int = Field(foreign_key="users.User.id", ondelete="CASCADE", index=True)
    kind: str = Field(max_length=10)
    """`session` or `token`."""
    secret_hash: str | None = Field(default=None, max_length=64, unique=True, exclude=True, repr=False)
    """SHA-256, in hexadecimal, of the session's cookie; none for tokens."""
    scope: str | None = Field(default=None, max_length=1000)
    """What its tokens may be used for, with spaces between; none for all that the user may do."""
    created_at: datetime = Field(default_factory=now)
    used_at: datetime = Field(default_factory=now)
    expires_at: datetime = Field(index=True)
    """When it ends, however much it is used."""
    ended_at: datetime | None = None
    """When it was logged out or revoked."""
    user_agent: str = Field(default="", max_length=400)
    client: str = Field(default="", max_length=64)
    """The address that it was made from."""


class RefreshToken(UUIDKeyed, table=True):
    """One of the refresh tokens of a login. Each is used once; a second use ends the login."""

    login_id: UUID = Field(foreign_key="auth.Login.id", ondelete="CASCADE", index=True)
    hash: str = Field(max_length=64, unique=True, exclude=True, repr=False)
    """SHA-256 of the token, in hexadecimal."""
    created_at: datetime = Field(default_factory=now)
    expires_at: datetime
    used_at: datetime | None = None
