"""What auth finds wrong with a project."""

from framework.auth.checks.access import parameters_open_nothing, routes_state_a_rule, rules_name_permissions
from framework.auth.checks.credentials import (
    cookies_are_safe,
    keys_can_sign,
    logins_leave_places,
    sessions_are_shared,
)
from framework.auth.checks.permissions import declared_permissions_are_names
from framework.auth.checks.users import users_are_as_others_expect

__all__ = [
    "cookies_are_safe",
    "declared_permissions_are_names",
    "keys_can_sign",
    "logins_leave_places",
    "parameters_open_nothing",
    "routes_state_a_rule",
    "rules_name_permissions",
    "sessions_are_shared",
    "users_are_as_others_expect",
]
