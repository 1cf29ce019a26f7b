"""Where the links in mails lead."""

import re
from typing import Annotated

from pydantic import AfterValidator

from framework.auth.settings.part import Part

__all__ = ["LinkSettings"]


def usable_site(value: str) -> str:
    """Refuse what no link could begin with."""
    if value and not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+(/[\w./~-]*[\w~-])?", value, re.ASCII):
        raise ValueError("wanted where the pages are, without a slash at the end: 'https://app.example.com'")
    return value


def usable_page(value: str) -> str:
    """Refuse a page that the token would not get to."""
    if value.count("{token}") != 1 or re.search(r"[{}\s]", value.replace("{token}", "")) or not value.startswith("/"):
        raise ValueError("wanted a path with '{token}' once in it: '/reset-password?token={token}'")
    return value


type Page = Annotated[str, AfterValidator(usable_page)]


class LinkSettings(Part):
    """Where the links in mails lead: to pages of yours, which take the token and send it to the API.

    No part of a link ever comes from a request.
    """

    site: Annotated[str, AfterValidator(usable_site)] = ""
    """Where the pages are: `https://app.example.com`. Without one mails show the bare token, to be pasted."""
    registration: Page = "/register?token={token}"
    """The page that confirms a new account."""
    invite: Page = "/register?invite={token}"
    """The page on which somebody who was invited chooses a password."""
    verify_email: Page = "/verify-email?token={token}"
    """The page that confirms the address of a user."""
    reset_password: Page = "/reset-password?token={token}"  # noqa: S105 - a path
    """The page on which a new password is chosen."""
    change_email: Page = "/change-email?token={token}"
    """The page that confirms another address."""

    def to(self, purpose: str, token: str) -> str | None:
        """Return the link for a token, or `None` when there are no pages."""
        path: str = getattr(self, purpose)
        return self.site + path.replace("{token}", token) if self.site else None
