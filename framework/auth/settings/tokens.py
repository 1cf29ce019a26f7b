"""How programs prove who they act for: access tokens, refresh tokens, and what signs them."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, SecretStr

from framework.auth.settings.part import Part

__all__ = ["TokenSettings"]


class TokenSettings(Part):
    """Access tokens, which are signed and short-lived, and refresh tokens, which get new ones. Times are in seconds."""

    scheme: Literal["Bearer", "Token"] = "Bearer"
    """The word before an access token in the `Authorization` header."""
    algorithm: Literal["HS256", "RS256", "EdDSA"] = "HS256"
    """What signs new tokens: HS256 by a key derived from `secret_key`, the others by the first such key of `keys`."""
    keys: tuple[SecretStr, ...] = ()
    """Keys in PEM, made by `manage.py createkey`: files, seen from the project's folder, or their text. All verify."""
    former_secrets: tuple[SecretStr, ...] = ()
    """Earlier values of `secret_key` whose tokens are still good."""
    issuer: Annotated[str, Field(min_length=1)] = "framework"
    """`iss`: who made the token. Projects that share a key tell their tokens apart by it."""
    audience: Annotated[str, Field(min_length=1)] = "api"
    """`aud`: who the token is for."""
    access_ttl: PositiveInt = 900
    """How long an access token is good."""
    refresh_ttl: PositiveInt = 14 * 24 * 3600
    """How long a refresh token waits for its use; a device that is idle for longer has to log in again."""
    login_ttl: PositiveInt = 90 * 24 * 3600
    """How long a device stays logged in at most, however often it refreshes."""
    leeway: NonNegativeInt = 5
    """How far the clocks of two machines of the project may be apart."""
