"""The settings of the cache. Loads no client."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from framework.conf import Section

__all__ = ["CacheSettings"]

SCHEMES = (
    "redis://",
    "rediss://",
    "unix://",
    "redis+sentinel://",
    "rediss+sentinel://",
    "redis+cluster://",
    "rediss+cluster://",
)


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
    enabled: bool = True
    """Keep values; without, everything is made anew each time."""
    near: bool = False
    """Keep copies in memory of what was read from the server; it tells when they change."""
    prefix: str = ""
    """Put before every key, so that projects can share a server."""
    version: int = 1
    """Part of every key: with another one, nothing that was stored before is found."""
    ttl: NonNegativeFloat = 300
    """How long a value is kept when its writer doesn't say; 0 keeps it until it is removed."""
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Part of such a time that chance takes off, so that values stored together are not all made anew together."""
    timeout: PositiveFloat = 1
    """How long the server may take to answer, connecting included."""
    max_connections: PositiveInt = 20
    """Connections that others who use the server open at most; the cache needs one for all its callers."""
    max_entries: PositiveInt = 10_000
    """Values kept in memory at most; the one unused for longest goes first."""
    max_bytes: PositiveInt = 100_000_000
    """Memory that these may take, about."""
