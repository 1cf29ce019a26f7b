"""Users, passwords, permissions, and the audit of what happens to them. Loads SQLAlchemy only when it is used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.auth.access import Policy
    from framework.auth.client import Client, current_client
    from framework.auth.models import ActionToken, ApiKey, Group, Login, Permission, RefreshToken, SecurityEvent
    from framework.auth.passwords import Hasher, PasswordValidator
    from framework.auth.services import Access, Audit, Passwords, Users
    from framework.auth.settings import AuthSettings

__all__ = [
    "Access",
    "ActionToken",
    "ApiKey",
    "Audit",
    "AuthSettings",
    "Client",
    "Group",
    "Hasher",
    "Login",
    "PasswordValidator",
    "Passwords",
    "Permission",
    "Policy",
    "RefreshToken",
    "SecurityEvent",
    "Users",
    "current_client",
]

HOMES = {
    "Access": "framework.auth.services",
    "ActionToken": "framework.auth.models",
    "ApiKey": "framework.auth.models",
    "Audit": "framework.auth.services",
    "AuthSettings": "framework.auth.settings",
    "Client": "framework.auth.client",
    "Group": "framework.auth.models",
    "Hasher": "framework.auth.passwords",
    "Login": "framework.auth.models",
    "PasswordValidator": "framework.auth.passwords",
    "Passwords": "framework.auth.services",
    "Permission": "framework.auth.models",
    "Policy": "framework.auth.access",
    "RefreshToken": "framework.auth.models",
    "SecurityEvent": "framework.auth.models",
    "Users": "framework.auth.services",
    "current_client": "framework.auth.client",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
