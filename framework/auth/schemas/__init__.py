"""What the routes of auth take and answer."""

from framework.auth.schemas.keys import KeyFields, KeyMade, KeyRead
from framework.auth.schemas.logins import LoginRead
from framework.auth.schemas.tokens import Refresh, TokenRead
from framework.auth.schemas.users import UserRead

__all__ = ["KeyFields", "KeyMade", "KeyRead", "LoginRead", "Refresh", "TokenRead", "UserRead"]
