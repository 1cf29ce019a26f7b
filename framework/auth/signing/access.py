"""Access tokens: JSON web tokens that say who calls, by which login, and for how long."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import jwt

from framework.auth.settings import TokenSettings
from framework.auth.signing.keys import SigningKeys
from framework.errors import Unauthenticated

__all__ = ["AccessTokens", "Claims"]

TYPE = "access"
REQUIRED = ("iss", "aud", "sub", "jti", "iat", "exp", "type", "sid")
REMEMBERED = 4096
LONGEST = 4096
"""In characters. Ours have a few hundred."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good access token says. Whether its login has ended meanwhile, only the database knows."""

    user_id: int
    login_id: UUID
    scopes: frozenset[str] | None
    """What it may be used for; `None` for all that the user may do."""
    expires_at: int
    """In seconds since 1970."""
    id: str


class AccessTokens:
    """Makes and verifies the access tokens of a project.

    Tokens that were verified are remembered, a bounded number of them: a signature does not change, and whether the
    token's time is over is looked at whenever it comes.
    """

    def __init__(self, keys: SigningKeys, settings: TokenSettings) -> None:
        self._keys = keys
        self._settings = settings
        self._verified: OrderedDict[str, Claims] = OrderedDict()

    def make(
        self, user_id: int, login_id: UUID, *, scopes: Iterable[str] | None = None, ends_at: float | None = None
    ) -> str:
        """Return a new token for a login; `scopes` narrow it, and it never outlives `ends_at`."""
        key = self._keys.current
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self._settings.issuer,
            "aud": self._settings.audience,
            "sub": str(user_id),
            "jti": secrets.token_urlsafe(12),
            "iat": now,
            "exp": min(now + self._settings.access_ttl, int(ends_at or now + self._settings.access_ttl)),
            "type": TYPE,
            "sid": str(login_id),
        }
        if scopes is not None:
            claims["scope"] = " ".join(sorted(scopes))
        return jwt.encode(claims, key.signing, algorithm=key.algorithm, headers={"kid": key.id})

    def verify(self, token: str) -> Claims:
        """Return what a token says.

        Raises `Unauthenticated`: `expired` when its time is over, `invalid` for all else that may be wrong with it.
        """
        claims = self._verified.get(token)
        if claims is not None:
            if claims.expires_at + self._settings.leeway <= time.time():
                self._verified.pop(token, None)
                raise Unauthenticated("expired")
            self._verified.move_to_end(token)
            return claims
        claims = self._verified[token] = self._read(token)
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)
        return claims

    def _read(self, token: str) -> Claims:
        try:
            if len(token) > LONGEST:
                raise Unauthenticated("invalid")
            key = self._keys.find(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                raise Unauthenticated("invalid")
            payload = jwt.decode(
                token,
                key.verifying,
                # The key says which: what the token's head claims is only compared with it.
                algorithms=[key.algorithm],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=self._settings.leeway,
                options={"require": list(REQUIRED), "strict_aud": True},
            )
            return claims_of(payload)
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("expired") from None
        except (jwt.InvalidTokenError, ValueError, TypeError):
            raise Unauthenticated("invalid") from None


def claims_of(payload: dict[str, Any]) -> Claims:
    """Return the claims of a payload whose signature is right; raise `ValueError` for one that we did not write."""
    kind: Literal["access"] | Any = payload["type"]
    scope = payload.get("scope")
    if kind != TYPE or not (scope is None or isinstance(scope, str)):
        raise ValueError
    scopes = None if scope is None else frozenset(scope.split())
    return Claims(int(payload["sub"]), UUID(str(payload["sid"])), scopes, int(payload["exp"]), payload["jti"])
