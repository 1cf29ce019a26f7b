"""What a project can say about its users' security: one group a file. Loads neither the web nor the database."""

from framework.auth.settings.accounts import AccountSettings
from framework.auth.settings.audit import AuditSettings
from framework.auth.settings.auth import AuthSettings
from framework.auth.settings.cookies import CookieSettings
from framework.auth.settings.csrf import CsrfSettings
from framework.auth.settings.keys import KeySettings
from framework.auth.settings.links import LinkSettings
from framework.auth.settings.passwords import PasswordSettings
from framework.auth.settings.registration import RegistrationSettings
from framework.auth.settings.sessions import SessionSettings
from framework.auth.settings.tokens import TokenSettings
from framework.auth.settings.user_cache import UserCacheSettings

__all__ = [
    "AccountSettings",
    "AuditSettings",
    "AuthSettings",
    "CookieSettings",
    "CsrfSettings",
    "KeySettings",
    "LinkSettings",
    "PasswordSettings",
    "RegistrationSettings",
    "SessionSettings",
    "TokenSettings",
    "UserCacheSettings",
]
