"""Where a page may send people after they logged in: nowhere but to a page of the project."""

import re

__all__ = ["safe_next"]

_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f-\xa0\u2028\u2029]*")


def safe_next(url: str | None, default: str = "/") -> str:
    """Return `url` when it is a path of this origin, with its query and fragment, else `default`.

    Refused is all that some browser reads as an address elsewhere: a scheme, `//host`, backslashes, which count as
    slashes, and spaces and control characters, which are dropped before the address is read.
    """
    return url if url is not None and _PATH.fullmatch(url) else default
