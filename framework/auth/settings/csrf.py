"""Which pages may act for a user whose browser sends the cookie along."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from framework.auth.settings.part import Part

__all__ = ["CsrfSettings"]


def origins(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what is no origin."""
    for value in values:
        if not re.fullmatch(r"https?://[a-z0-9.\[\]:-]+", value):
            raise ValueError(f"{value!r} is no origin: write scheme and host in small letters, 'https://example.com'")
    return values


class CsrfSettings(Part):
    """Protection against pages of other sites that act for a user by the session's cookie."""

    trusted_origins: Annotated[tuple[str, ...], AfterValidator(origins)] = ()
    """Other origins whose pages may: `https://app.example.com`. Those of `web.cors` with credentials may as well."""
    require_token: bool = False
    """Whether a request needs the token also when its browser says that it comes from the project's own pages."""
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "X-CSRF-Token"
    """The header that a script sends the token in."""
    field: Annotated[str, Field(min_length=1)] = "csrf_token"
    """The field that a form sends it in."""
