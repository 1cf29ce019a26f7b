"""Tokens, as OAuth2 names their parts."""

from typing import Annotated

from pydantic import BaseModel, Field

from framework.auth.services import TokenPair

__all__ = ["Refresh", "TokenRead"]


class Refresh(BaseModel):
    """A refresh token, to be used up."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=200)]


class TokenRead(BaseModel):
    """An access token, and the refresh token that gets the next (RFC 6749, section 5.1)."""

    access_token: str
    token_type: str
    expires_in: int
    """Seconds that the access token is good for."""
    refresh_token: str
    scope: str | None = None
    """What they may be used for, with spaces between; none for all that the user may do."""

    @classmethod
    def of(cls, pair: TokenPair, scheme: str) -> "TokenRead":
        """Return a pair as it is answered."""
        scope = None if pair.scopes is None else " ".join(sorted(pair.scopes))
        return cls(
            access_token=pair.access_token,
            token_type=scheme,
            expires_in=pair.expires_in,
            refresh_token=pair.refresh_token,
            scope=scope,
        )
