"""What auth can do. Knows no web: routes, commands, tasks and tests use the same services."""

from framework.auth.services.access import Access
from framework.auth.services.audit import Audit
from framework.auth.services.passwords import Passwords
from framework.auth.services.users import Users

__all__ = ["Access", "Audit", "Passwords", "Users"]
