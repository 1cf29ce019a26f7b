"""What auth knows of a user, for them to take along."""

from typing import Any

from framework.auth.models import ApiKey, Login, SecurityEvent
from framework.db import ReadSession, col, select
from framework.users import UserBase

__all__ = ["export_of"]

KINDS = {"logins": Login, "api_keys": ApiKey, "security_events": SecurityEvent}


async def export_of(reading: ReadSession, user: UserBase) -> dict[str, Any]:
    """Return the user and the rows that are about them, ready for JSON. Fields that no dump shows stay out."""
    found: dict[str, Any] = {"user": user.model_dump(mode="json")}
    for name, model in KINDS.items():
        statement = select(model).where(col(model.user_id) == user.id).order_by(col(model.id))
        found[name] = [row.model_dump(mode="json", exclude={"user_id"}) for row in await reading.exec(statement)]
    return found
