"""Users, who they are and what they may do. Loads FastAPI and SQLAlchemy only when a name that needs them is used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.auth.access import Policy
    from framework.auth.client import Client, current_client
    from framework.auth.dependencies import (
        CurrentIdentity,
        CurrentUser,
        InPerson,
        LoggedIn,
        LoginRequired,
        OptionalUser,
        Public,
        Require,
        Scopes,
        StaffRequired,
        csrf_token,
        identify,
        refuse_foreign,
    )
    from framework.auth.identity import Credentials, Identity
    from framework.auth.models import ActionToken, ApiKey, Group, Login, Permission, RefreshToken, SecurityEvent
    from framework.auth.passwords import Hasher, PasswordValidator
    from framework.auth.redirects import safe_next
    from framework.auth.services import (
        Access,
        Accounts,
        ActionTokens,
        ApiKeys,
        Attempts,
        Audit,
        Identities,
        Logins,
        NewKey,
        Passwords,
        Registration,
        StartedSession,
        TokenPair,
        Tokens,
        Users,
    )
    from framework.auth.settings import AuthSettings
    from framework.auth.signing.keys import SigningKeys

__all__ = [
    "Access",
    "Accounts",
    "ActionToken",
    "ActionTokens",
    "ApiKey",
    "ApiKeys",
    "Attempts",
    "Audit",
    "AuthSettings",
    "Client",
    "Credentials",
    "CurrentIdentity",
    "CurrentUser",
    "Group",
    "Hasher",
    "Identities",
    "Identity",
    "InPerson",
    "LoggedIn",
    "Login",
    "LoginRequired",
    "Logins",
    "NewKey",
    "OptionalUser",
    "PasswordValidator",
    "Passwords",
    "Permission",
    "Policy",
    "Public",
    "RefreshToken",
    "Registration",
    "Require",
    "Scopes",
    "SecurityEvent",
    "SigningKeys",
    "StaffRequired",
    "StartedSession",
    "TokenPair",
    "Tokens",
    "Users",
    "csrf_token",
    "current_client",
    "identify",
    "refuse_foreign",
    "safe_next",
]

HOMES = {
    "Access": "framework.auth.services",
    "Accounts": "framework.auth.services",
    "ActionToken": "framework.auth.models",
    "ActionTokens": "framework.auth.services",
    "ApiKey": "framework.auth.models",
    "ApiKeys": "framework.auth.services",
    "Attempts": "framework.auth.services",
    "Audit": "framework.auth.services",
    "AuthSettings": "framework.auth.settings",
    "Client": "framework.auth.client",
    "Credentials": "framework.auth.identity",
    "CurrentIdentity": "framework.auth.dependencies",
    "CurrentUser": "framework.auth.dependencies",
    "Group": "framework.auth.models",
    "Hasher": "framework.auth.passwords",
    "Identities": "framework.auth.services",
    "Identity": "framework.auth.identity",
    "InPerson": "framework.auth.dependencies",
    "LoggedIn": "framework.auth.dependencies",
    "Login": "framework.auth.models",
    "LoginRequired": "framework.auth.dependencies",
    "Logins": "framework.auth.services",
    "NewKey": "framework.auth.services",
    "OptionalUser": "framework.auth.dependencies",
    "PasswordValidator": "framework.auth.passwords",
    "Passwords": "framework.auth.services",
    "Permission": "framework.auth.models",
    "Policy": "framework.auth.access",
    "Public": "framework.auth.dependencies",
    "RefreshToken": "framework.auth.models",
    "Registration": "framework.auth.services",
    "Require": "framework.auth.dependencies",
    "Scopes": "framework.auth.dependencies",
    "SecurityEvent": "framework.auth.models",
    "SigningKeys": "framework.auth.signing.keys",
    "StaffRequired": "framework.auth.dependencies",
    "StartedSession": "framework.auth.services",
    "TokenPair": "framework.auth.services",
    "Tokens": "framework.auth.services",
    "Users": "framework.auth.services",
    "csrf_token": "framework.auth.dependencies",
    "current_client": "framework.auth.client",
    "identify": "framework.auth.dependencies",
    "refuse_foreign": "framework.auth.dependencies",
    "safe_next": "framework.auth.redirects",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
