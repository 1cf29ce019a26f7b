"""The cookie that holds a session's secret."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from framework.auth.settings.part import Part

__all__ = ["CookieSettings"]


class CookieSettings(Part):
    """The cookie of a session. Scripts never see it."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")] = "session"
    """Its name, without the prefix that a secure one has: `__Host-`, or `__Secure-` when it has a `domain`."""
    secure: bool | None = None
    """Whether browsers send it over HTTPS only; when left out, in debug they don't and else they do."""
    same_site: Literal["lax", "strict", "none"] = "lax"
    """Which requests that other sites start it goes along with: those that open a page (`lax`), none, or all."""
    domain: str | None = None
    """Where its subdomains get it too. Without one it belongs to one host, which no neighbour can write for."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.same_site == "none" and self.secure is False:
            raise ValueError("browsers refuse a cookie of same_site 'none' that is not secure")
        return self
