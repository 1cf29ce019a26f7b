"""Devices, as their user sees them."""

from uuid import UUID

from pydantic import BaseModel

from framework.auth.models import Login
from framework.db import Timestamp

__all__ = ["LoginRead"]


class LoginRead(BaseModel):
    """A device on which the user is logged in."""

    id: UUID
    kind: str
    """`session` or `token`."""
    created_at: Timestamp
    used_at: Timestamp
    """When it was last used, to the minute."""
    expires_at: Timestamp
    user_agent: str
    client: str
    """The address that it was made from."""
    current: bool
    """Whether this request comes by it."""

    @classmethod
    def of(cls, login: Login, current: UUID | None) -> "LoginRead":
        """Return a login as its user sees it."""
        return cls(**login.model_dump(include=set(cls.model_fields)), current=login.id == current)
