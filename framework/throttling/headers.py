"""What a client is told of its rates, refused or not: `RateLimit-Policy` and `RateLimit`.

As draft-ietf-httpapi-ratelimit-headers-11 has them, both lists of structured fields (RFC 9651); no RFC yet.
"""

from collections.abc import Sequence
from math import ceil

from starlette.requests import HTTPConnection

from framework.throttling.windows import Usage
from framework.web import add_header

__all__ = ["tell"]


def tell(connection: HTTPConnection, usages: Sequence[Usage]) -> None:
    """Put the usages into the headers of the response."""
    for usage in usages:
        rate = usage.rate
        add_header(connection, "RateLimit-Policy", f'"{rate}";q={rate.limit};w={rate.seconds}')
        add_header(connection, "RateLimit", f'"{rate}";r={usage.remaining};t={ceil(usage.reset)}')
