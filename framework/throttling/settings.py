"""The settings of throttling. Loads no client and no web."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, PositiveFloat, PositiveInt

from framework.conf import Section
from framework.errors import ImproperlyConfigured
from framework.throttling.rates import rates_of

__all__ = ["ThrottlingSettings"]

_SCHEMES = ("redis", "unix")


def _rates(text: str) -> str:
    try:
        rates_of(text)
    except ImproperlyConfigured as error:
        raise ValueError(f"{error.message} {error.hint}") from None
    return text


def _usable(url: str) -> str:
    if url != "memory" and not url.startswith(_SCHEMES):
        raise ValueError("wanted 'memory', or a URL as the cache has it: redis://…, redis+sentinel://…")
    return url


type RatesText = Annotated[str, AfterValidator(_rates)]


class ThrottlingSettings(Section):
    """How often clients and users may do things. Times are in seconds."""

    enabled: bool = True
    """Whether anything is counted and refused at all."""
    default: RatesText | None = None
    """Rates that each client address has for all requests together: `"300/minute; 5000/hour"`. None, unless given."""
    exempt: tuple[str, ...] = ("/health/",)
    """Paths that begin so are not counted by the default rates."""
    rates: Mapping[str, RatesText] = {}
    """Rates by name, `{"login": "3/minute"}`, in the place of those that the code gives under that name."""
    strategy: Literal["sliding", "fixed"] = "sliding"
    """`sliding` counts the last window at any moment, to within the assumption that the one before was used evenly;
    `fixed` begins anew when a window ends, so twice the rate may pass around that moment, and costs a little less."""
    url: Annotated[str, AfterValidator(_usable)] | None = None
    """Address of the Redis or Valkey server that all processes count on; the cache's (`REDIS_URL`) when left out, and
    each process counts for itself, in memory, when there is none or this is `memory`."""
    prefix: str = "throttling:"
    """Put before every key on the server, after the cache's prefix."""
    timeout: PositiveFloat = 0.5
    """How long the server may take to answer. Then this process counts in memory: nothing is refused for a server's
    failure, and nobody gets to guess without limit, but each process allows the whole rate."""
    retry: PositiveFloat = 5
    """How long it counts in memory before it asks the server again."""
    max_keys: PositiveInt = 100_000
    """Counters kept in memory at most; the one unused for longest goes first."""
