"""Which host names a project answers to."""

import re
from collections.abc import Sequence

from framework.errors import ImproperlyConfigured

LOCAL = ("localhost", "*.localhost", "127.0.0.1", "[::1]", "testserver")
"""What is answered when no host is allowed: this machine by its own names, and Starlette's test client."""

_HEADER = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE)
_PATTERN = re.compile(r"\*|(?:\*?\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]", re.IGNORECASE)
_REMEMBERED = 256


class Hosts:
    """The allowed host names: exact ones, `*.example.com` and `.example.com` for subdomains, `*` for all."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self.any = "*" in allowed
        self._exact: set[str] = set()
        self._endings: tuple[str, ...] = ()
        for pattern in allowed or LOCAL:
            self._add(pattern)
        self._known: set[bytes] = set()

    def _add(self, pattern: str) -> None:
        if not _PATTERN.fullmatch(pattern):
            host = re.sub(r"^[a-z]+://|[:/].*$", "", pattern)
            raise ImproperlyConfigured(
                f"allowed_hosts holds {pattern!r}, which is no host name.",
                hint=f"Write the name alone, {host!r}; '*.example.com' stands for subdomains, '*' for any host.",
                code="web.hosts",
            )
        name = pattern.lower()
        if name.startswith(("*.", ".")):
            self._endings += (name.lstrip("*"),)
        if not name.startswith("*"):
            self._exact.add(name.lstrip("."))

    def allow(self, header: bytes | None) -> bool:
        """Tell whether a request with this `Host` header is for us. Without the header it is not."""
        if self.any or header in self._known:
            return True
        if header is None:
            return False
        match = _HEADER.fullmatch(header.decode("latin-1"))
        name = match[1].lower().rstrip(".") if match else ""
        if name not in self._exact and not (self._endings and name.endswith(self._endings)):
            return False
        if len(self._known) < _REMEMBERED:  # names behind a wildcard are the caller's to choose
            self._known.add(header)
        return True
