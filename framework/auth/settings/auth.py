"""The section of auth."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from framework.auth.settings.accounts import AccountSettings
from framework.auth.settings.audit import AuditSettings
from framework.auth.settings.cookies import CookieSettings
from framework.auth.settings.csrf import CsrfSettings
from framework.auth.settings.keys import KeySettings
from framework.auth.settings.links import LinkSettings
from framework.auth.settings.passwords import PasswordSettings
from framework.auth.settings.registration import RegistrationSettings
from framework.auth.settings.sessions import SessionSettings
from framework.auth.settings.tokens import TokenSettings
from framework.auth.settings.user_cache import UserCacheSettings
from framework.conf import Section

__all__ = ["AuthSettings"]

type LoginField = Literal["email", "username"]


def distinct(fields: tuple[LoginField, ...]) -> tuple[LoginField, ...]:
    """Refuse a field that is named twice."""
    if len(set(fields)) < len(fields):
        raise ValueError("names a field twice")
    return fields


class AuthSettings(Section):
    """Who may come in, and how."""

    login_fields: Annotated[tuple[LoginField, ...], Field(min_length=1), AfterValidator(distinct)] = ("email",)
    """What people log in by: `email`, `username` or both."""
    passwords: PasswordSettings = PasswordSettings()
    """How passwords are stored, and which are good enough."""
    tokens: TokenSettings = TokenSettings()
    """How programs prove who they act for."""
    sessions: SessionSettings = SessionSettings()
    """How browsers stay logged in."""
    cookies: CookieSettings = CookieSettings()
    """The cookie of a session."""
    csrf: CsrfSettings = CsrfSettings()
    """Which pages may act for a user whose browser sends the cookie along."""
    keys: KeySettings = KeySettings()
    """Personal API keys."""
    user_cache: UserCacheSettings = UserCacheSettings()
    """Users remembered from one request to the next."""
    audit: AuditSettings = AuditSettings()
    """What is kept of security events."""
    registration: RegistrationSettings = RegistrationSettings()
    """Who may become a user, and by what."""
    accounts: AccountSettings = AccountSettings()
    """What users do with their own account."""
    links: LinkSettings = LinkSettings()
    """Where the links in mails lead."""
