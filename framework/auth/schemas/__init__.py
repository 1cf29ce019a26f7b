"""What the routes of auth take and answer."""

from framework.auth.schemas.accounts import (
    Confirmation,
    Done,
    EmailChange,
    EmailFields,
    Link,
    NewAccount,
    PasswordChange,
    PasswordReset,
    ProfileChanges,
    RegistrationFields,
)
from framework.auth.schemas.keys import KeyFields, KeyMade, KeyRead
from framework.auth.schemas.logins import LoginRead
from framework.auth.schemas.tokens import Refresh, TokenRead
from framework.auth.schemas.users import UserRead

__all__ = [
    "Confirmation",
    "Done",
    "EmailChange",
    "EmailFields",
    "KeyFields",
    "KeyMade",
    "KeyRead",
    "Link",
    "LoginRead",
    "NewAccount",
    "PasswordChange",
    "PasswordReset",
    "ProfileChanges",
    "Refresh",
    "RegistrationFields",
    "TokenRead",
    "UserRead",
]
