"""Who is at the other end of what is going on. Knows nothing of the web, which says so."""

from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["Client", "current_client"]


@dataclass(frozen=True, slots=True)
class Client:
    """The other end of a request; a command or a task has none, and both are empty."""

    address: str = ""
    user_agent: str = ""


current_client: ContextVar[Client] = ContextVar("current_client", default=Client())  # noqa: B039 — it is frozen
"""The client of the request at hand."""
