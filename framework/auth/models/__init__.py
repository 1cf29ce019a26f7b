"""The tables of auth: one file a noun."""

from framework.auth.models.events import SecurityEvent
from framework.auth.models.groups import Group, GroupPermission, Permission, UserGroup, UserPermission
from framework.auth.models.keys import ApiKey
from framework.auth.models.logins import Login, RefreshToken
from framework.auth.models.tokens import ActionToken

__all__ = [
    "ActionToken",
    "ApiKey",
    "Group",
    "GroupPermission",
    "Login",
    "Permission",
    "RefreshToken",
    "SecurityEvent",
    "UserGroup",
    "UserPermission",
]
