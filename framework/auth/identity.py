"""Who calls, and by what: knows no web."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from framework.users import UserBase

__all__ = ["Credentials", "Identity", "Kind"]

type Kind = Literal["token", "session", "key"]
"""An access token, the cookie of a browser's session, or an API key."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller shows to be known."""

    kind: Kind
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller who is known."""

    user: UserBase
    """Read for looking at. To change it, ask `Users` for it: `await users.get(identity.user.id)`."""
    kind: Kind
    scopes: frozenset[str] | None = None
    """What the credentials may be used for; `None` for all that the user may do."""
    login_id: UUID | None = None
    """The device's login; an API key has none."""
