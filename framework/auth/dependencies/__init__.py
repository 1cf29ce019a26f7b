"""What routes write to know and to check their caller. Knows the web; the services below it don't."""

from framework.auth.dependencies.csrf import csrf_token, refuse_foreign
from framework.auth.dependencies.identity import identify
from framework.auth.dependencies.rules import Require, Scopes, StaffRequired
from framework.auth.dependencies.users import (
    CurrentIdentity,
    CurrentUser,
    InPerson,
    LoggedIn,
    LoginRequired,
    OptionalUser,
)
from framework.web import Public

__all__ = [
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
]
