"""Users, who they are and what they may do. Loads FastAPI and SQLAlchemy only when a name that needs them is used."""

from typing import TYPE_CHECKING

from framework.lazy import front_door

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

__getattr__, __dir__ = front_door(
    __name__,
    {
        "access": ["Policy"],
        "client": ["Client", "current_client"],
        "dependencies": [
            "CurrentIdentity",
            "CurrentUser",
            "InPerson",
            "LoggedIn",
            "LoginRequired",
            "OptionalUser",
            "Public",
            "Require",
            "Scopes",
            "StaffRequired",
            "csrf_token",
            "identify",
            "refuse_foreign",
        ],
        "identity": ["Credentials", "Identity"],
        "models": ["ActionToken", "ApiKey", "Group", "Login", "Permission", "RefreshToken", "SecurityEvent"],
        "passwords": ["Hasher", "PasswordValidator"],
        "redirects": ["safe_next"],
        "services": [
            "Access",
            "Accounts",
            "ActionTokens",
            "ApiKeys",
            "Attempts",
            "Audit",
            "Identities",
            "Logins",
            "NewKey",
            "Passwords",
            "Registration",
            "StartedSession",
            "TokenPair",
            "Tokens",
            "Users",
        ],
        "settings": ["AuthSettings"],
        "signing.keys": ["SigningKeys"],
    },
)
