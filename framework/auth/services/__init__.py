"""What auth can do. Knows no web: routes, commands, tasks and tests use the same services."""

from framework.auth.services.access import Access

__all__ = ["Access"]
