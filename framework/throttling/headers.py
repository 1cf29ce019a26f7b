"""What a client is told of its rates, refused or not: `RateLimit-Policy` and `RateLimit`.

As draft-ietf-httpapi-ratelimit-headers-11 has them, both lists of structured fields (RFC 9651); no RFC yet.
"""

from collections.abc import Sequence
from itertools import count
from math import ceil
from urllib.parse import quote

from starlette.requests import HTTPConnection

from framework.throttling.windows import Usage
from framework.web import add_header

__all__ = ["tell"]


_TOLD = "framework.throttling.told"
_SAFE = "".join(chr(code) for code in range(32, 127) if chr(code) not in '"\\%')
"""What may stand in a string of a structured field as it is."""


def tell(connection: HTTPConnection, name: str, usages: Sequence[Usage]) -> None:
    """Put the usages of what `name` counts into the headers of the response.

    A policy is called by name and rate, `login:3/minute`. Clients match the two headers by that, and one answer with
    another, so where a response has it twice (the same, counted by address and by user) the second is numbered.
    """
    told: set[str] = connection.scope.setdefault(_TOLD, set())
    for usage in usages:
        rate = usage.rate
        called = quote(f"{name}:{rate}", safe=_SAFE)
        policy = next(each for n in count(1) if (each := called if n == 1 else f"{called}:{n}") not in told)
        told.add(policy)
        add_header(connection, "RateLimit-Policy", f'"{policy}";q={rate.limit};w={rate.seconds}')
        add_header(connection, "RateLimit", f'"{policy}";r={usage.remaining};t={ceil(usage.reset)}')
