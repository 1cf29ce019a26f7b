"""Users, passwords, permissions, and the audit of what happens to them. Loads SQLAlchemy only when it is used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.auth.access import Policy
    from framework.auth.client import Client, current_client
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
    "Group",
    "Hasher",
    "Identities",
    "Identity",
    "Login",
    "Logins",
    "NewKey",
    "PasswordValidator",
    "Passwords",
    "Permission",
    "Policy",
    "RefreshToken",
    "Registration",
    "SecurityEvent",
    "StartedSession",
    "TokenPair",
    "Tokens",
    "Users",
    "current_client",
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
    "Group": "framework.auth.models",
    "Hasher": "framework.auth.passwords",
    "Identities": "framework.auth.services",
    "Identity": "framework.auth.identity",
    "Login": "framework.auth.models",
    "Logins": "framework.auth.services",
    "NewKey": "framework.auth.services",
    "PasswordValidator": "framework.auth.passwords",
    "Passwords": "framework.auth.services",
    "Permission": "framework.auth.models",
    "Policy": "framework.auth.access",
    "RefreshToken": "framework.auth.models",
    "Registration": "framework.auth.services",
    "SecurityEvent": "framework.auth.models",
    "StartedSession": "framework.auth.services",
    "TokenPair": "framework.auth.services",
    "Tokens": "framework.auth.services",
    "Users": "framework.auth.services",
    "current_client": "framework.auth.client",
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
