"""What is true of the unit of work at hand, for anyone who logs or reports. Knows nothing of the web."""

from contextvars import ContextVar

__all__ = ["request_id"]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request, command or task at hand; `None` outside one."""
