"""What auth can do. Knows no web: routes, commands, tasks and tests use the same services."""

from framework.auth.services.access import Access
from framework.auth.services.accounts import Accounts
from framework.auth.services.action_tokens import ActionTokens
from framework.auth.services.api_keys import ApiKeys, NewKey
from framework.auth.services.attempts import Attempts
from framework.auth.services.audit import Audit
from framework.auth.services.identities import Identities
from framework.auth.services.logins import Logins, StartedSession
from framework.auth.services.notices import Notices
from framework.auth.services.passwords import Passwords
from framework.auth.services.registration import Registration
from framework.auth.services.tokens import TokenPair, Tokens
from framework.auth.services.users import Users

__all__ = [
    "Access",
    "Accounts",
    "ActionTokens",
    "ApiKeys",
    "Attempts",
    "Audit",
    "Identities",
    "Logins",
    "NewKey",
    "Notices",
    "Passwords",
    "Registration",
    "StartedSession",
    "TokenPair",
    "Tokens",
    "Users",
]
