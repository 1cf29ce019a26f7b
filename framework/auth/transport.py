"""How credentials travel: which headers and which cookie hold them. Knows no web framework."""

from collections.abc import Iterable
from typing import Any

from framework.auth.identity import Credentials
from framework.auth.settings import AuthSettings

__all__ = ["Transport"]


class Transport:
    """Where the requests of a project carry credentials."""

    def __init__(self, settings: AuthSettings, *, debug: bool) -> None:
        cookie = settings.cookies
        self.scheme = settings.tokens.scheme
        """The word before an access token."""
        self.key_header = settings.keys.header
        self.secure = not debug if cookie.secure is None else cookie.secure
        """Whether the cookie travels over HTTPS only."""
        prefix = "" if not self.secure else "__Secure-" if cookie.domain else "__Host-"
        self.cookie = prefix + cookie.name
        """The cookie of a session. Browsers take one with this prefix from this host only, and only over HTTPS."""
        self._options: dict[str, Any] = {
            "key": self.cookie,
            "path": "/",
            "domain": cookie.domain,
            "secure": self.secure,
            "httponly": True,
            "samesite": cookie.same_site,
        }
        self._ttl = settings.sessions.ttl
        self._scheme = self.scheme.lower().encode()
        self._key_header = self.key_header.lower().encode()
        self._cookie = self.cookie.encode() + b"="

    def read(self, headers: Iterable[tuple[bytes, bytes]]) -> Credentials | None:
        """Return the credentials in the headers of a request, their names in small letters; or `None`.

        An access token counts before a key, and a key before a cookie, which browsers send unasked. Another scheme
        in `Authorization`, such as a proxy's `Basic`, is none of ours.
        """
        token = key = session = None
        for name, value in headers:
            if name == b"authorization":
                scheme, _, rest = value.partition(b" ")
                token = rest.strip() if scheme.lower() == self._scheme else token
            elif name == self._key_header:
                key = value
            elif name == b"cookie" and self._cookie in value:
                session = self._session(value) or session
        if token is not None:
            return Credentials("token", token.decode("latin-1"))
        if key is not None:
            return Credentials("key", key.decode("latin-1"))
        return Credentials("session", session.decode("latin-1")) if session else None

    def cookie_of(self, secret: str | None) -> dict[str, Any]:
        """Return what `Response.set_cookie` takes to give a browser a session's secret, or with `None` to take it."""
        return {**self._options, "value": secret or "", "max_age": self._ttl if secret else 0}

    def session(self, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Return the secret in the cookie, whatever else a request carries; or `None`."""
        values = [self._session(value) for name, value in headers if name == b"cookie"]
        return next((value.decode("latin-1") for value in values if value), None)

    def _session(self, cookies: bytes) -> bytes | None:
        for part in cookies.split(b";"):
            part = part.strip()
            if part.startswith(self._cookie):
                return part.removeprefix(self._cookie).strip(b'"')
        return None
