"""Users, as they see themselves."""

from pydantic import BaseModel, ConfigDict

from framework.db import Timestamp

__all__ = ["UserRead"]


class UserRead(BaseModel):
    """A user."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    username: str | None
    full_name: str
    is_staff: bool
    is_superuser: bool
    email_verified_at: Timestamp | None
    created_at: Timestamp
