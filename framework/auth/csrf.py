"""Whether a request with a cookie was meant by its user, or made by a page of another site. Knows no web framework."""

import base64
import hmac
import secrets
from collections.abc import Callable, Collection, Mapping
from functools import cached_property

from framework.auth.settings import CsrfSettings
from framework.auth.signing.derivation import derived

__all__ = ["SAFE_METHODS", "Csrf", "CsrfTokens", "is_own"]

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

    def __init__(self, secret: Callable[[], str]) -> None:
        self._secret = secret

    @cached_property
    def _key(self) -> bytes:
        return derived(self._secret(), "csrf token")

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


class Csrf:
    """Protects the sessions of a project from pages of other sites."""

    def __init__(self, settings: CsrfSettings, tokens: CsrfTokens, trusted: Collection[str] = ()) -> None:
        self.header = settings.header
        """Where a script sends the token."""
        self.field = settings.field
        """Where a form sends it."""
        self.tokens = tokens
        self._trusted = frozenset((*settings.trusted_origins, *trusted))
        self._require_token = settings.require_token

    def is_foreign(self, headers: Mapping[str, str], scheme: str) -> bool:
        """Tell whether a page of another site surely made a request."""
        return is_own(headers, scheme=scheme, trusted=self._trusted) is False

    def needs_token(self, headers: Mapping[str, str], scheme: str) -> bool:
        """Tell whether a request has to bring the token: when nothing else says whose page made it, or always."""
        return self._require_token or is_own(headers, scheme=scheme, trusted=self._trusted) is None
