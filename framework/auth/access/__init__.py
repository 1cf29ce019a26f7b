"""Who may do what: names of permissions, and policies about single objects. Knows no web."""

from framework.auth.access.names import PermissionNames
from framework.auth.access.policies import Policies
from framework.auth.access.policy import Policy

__all__ = ["PermissionNames", "Policies", "Policy"]
