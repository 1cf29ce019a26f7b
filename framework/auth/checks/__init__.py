"""What auth finds wrong with a project."""

from framework.auth.checks.access import routes_state_a_rule

__all__ = ["routes_state_a_rule"]
