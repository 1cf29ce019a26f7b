"""How browsers stay logged in."""

from typing import Literal

from pydantic import PositiveInt

from framework.auth.settings.part import Part

__all__ = ["SessionSettings"]


class SessionSettings(Part):
    """Sessions of browsers, kept on the server. Times are in seconds."""

    store: Literal["database", "cache"] = "database"
    """Where they live. Those in the cache are gone with it, and a cache in memory is one process's own."""
    ttl: PositiveInt = 30 * 24 * 3600
    """How long a session lasts at most, however much it is used."""
    idle_ttl: PositiveInt = 14 * 24 * 3600
    """How long a session lasts without being used."""
