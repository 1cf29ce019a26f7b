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
    longest_ttl: PositiveInt | None = None
    """Seconds that a key may be good for; `None` lets one be made that never expires."""
