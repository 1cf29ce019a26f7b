"""Personal keys for programs."""

from typing import Annotated

from pydantic import Field, PositiveInt

from framework.auth.settings.part import Part

__all__ = ["KeySettings"]


class KeySettings(Part):
    """Personal API keys."""

    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "X-API-Key"
    """The header that a key comes in."""
    prefix: Annotated[str, Field(pattern=r"^[a-z0-9]{1,6}$")] = "fk"
    """What every key begins with, so that a leaked one is known for what it is."""
    most: PositiveInt = 50
    """Keys that a user may have at a time."""
    end_with_password: bool = False
    """Whether a new password revokes the keys of its user. It ends every session and token in any case; a key belongs
    to a program, which nobody would tell of the new password, and is revoked by itself."""
    longest_ttl: PositiveInt | None = None
    """Seconds that a key may be good for; `None` lets one be made that never expires."""
