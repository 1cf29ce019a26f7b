"""The settings of the cache. Loads no client."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, NonNegativeFloat, PositiveFloat, PositiveInt

from framework.conf import Section

__all__ = ["CacheSettings"]

SCHEMES = ("redis://", "rediss://", "unix://")


def usable(url: str) -> str:
    """Refuse a URL at load that no client could open later."""
    if not url.startswith(SCHEMES):
        raise ValueError(f"wanted a URL that starts with {', '.join(SCHEMES[:-1])} or {SCHEMES[-1]}")
    return url


class CacheSettings(Section):
    """Where cached values live and for how long. Times are in seconds."""

    variables: ClassVar[dict[str, str]] = {"REDIS_URL": "url"}

    url: Annotated[str, AfterValidator(usable)] | None = None
    """Address of a Redis or Valkey server; each process keeps its own values in memory when left out."""
    prefix: str = ""
    """Put before every key, so that projects can share a server."""
    ttl: NonNegativeFloat = 300
    """How long a value is kept when its writer doesn't say; 0 keeps it until it is removed."""
    timeout: PositiveFloat = 2
    """How long the server may take to answer, waiting for a connection included."""
    max_connections: PositiveInt = 20
    """Connections to the server at most; a caller above that waits."""
    max_entries: PositiveInt = 10_000
    """Values kept in memory at most; the one unused for longest goes first."""
