"""Users, passwords, permissions, and the audit of what happens to them. Loads SQLAlchemy only when it is used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.auth.access import Policy
    from framework.auth.models import ActionToken, ApiKey, Group, Login, Permission, RefreshToken, SecurityEvent
    from framework.auth.services import Access
    from framework.auth.settings import AuthSettings

__all__ = [
    "Access",
    "ActionToken",
    "ApiKey",
    "AuthSettings",
    "Group",
    "Login",
    "Permission",
    "Policy",
    "RefreshToken",
    "SecurityEvent",
]

HOMES = {
    "Access": "framework.auth.services",
    "ActionToken": "framework.auth.models",
    "ApiKey": "framework.auth.models",
    "AuthSettings": "framework.auth.settings",
    "Group": "framework.auth.models",
    "Login": "framework.auth.models",
    "Permission": "framework.auth.models",
    "Policy": "framework.auth.access",
    "RefreshToken": "framework.auth.models",
    "SecurityEvent": "framework.auth.models",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
