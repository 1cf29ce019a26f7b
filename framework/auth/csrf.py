"""Whether a request with a cookie was meant by its user, or made by a page of another site. Knows no web framework."""

import base64
import hmac
import secrets
from collections.abc import Collection, Mapping

from framework.auth.signing.derivation import derived

__all__ = ["SAFE_METHODS", "CsrfTokens", "is_own"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing, and so need no protection."""

NONCE = 12


def is_own(headers: Mapping[str, str], *, scheme: str, trusted: Collection[str] = ()) -> bool | None:
    """Tell whether a page of this origin, or of a trusted one, made a request; `None` when its headers don't say.

    Every browser of today sends `Sec-Fetch-Site` or `Origin` with an unsafe request, and no page can change them. A
    neighbour on a subdomain is another site here.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None and origin in trusted:
        return True
    if site is not None:
        return site in ("same-origin", "none")
    if origin is None:
        return None
    origin_scheme, _, host = origin.partition("://")
    # A proxy that ends TLS may say http of a page that came by https; never the other way round.
    return bool(host) and host == headers.get("host", "").lower() and origin_scheme in (scheme, "https")


class CsrfTokens:
    """Tokens for the forms of a session: only who reads the session's own pages knows one."""

    def __init__(self, secret: str) -> None:
        self._key = derived(secret, "csrf token")

    def make(self, session: str) -> str:
        """Return a token for the session with this secret. No two are alike, so that compression tells nothing."""
        nonce = secrets.token_bytes(NONCE)
        return base64.urlsafe_b64encode(nonce + self._mac(nonce, session)).decode()

    def is_good(self, token: str, session: str) -> bool:
        """Tell whether a token was made for the session with this secret."""
        try:
            raw = base64.urlsafe_b64decode(token.encode())
        except ValueError:
            return False
        return hmac.compare_digest(raw[NONCE:], self._mac(raw[:NONCE], session))

    def _mac(self, nonce: bytes, session: str) -> bytes:
        return hmac.digest(self._key, nonce + session.encode(), "sha256")
