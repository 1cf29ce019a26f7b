"""What auth finds wrong with a project."""

from framework.auth.checks.access import routes_state_a_rule
from framework.auth.checks.permissions import declared_permissions_are_names
from framework.auth.checks.users import users_are_as_others_expect

__all__ = ["declared_permissions_are_names", "routes_state_a_rule", "users_are_as_others_expect"]
