"""What is true of the unit of work at hand, for anyone who logs, reports or keeps. Knows nothing of the web."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol
from weakref import ReferenceType

if TYPE_CHECKING:
    from framework.services import Services

__all__ = ["Work", "request_id", "services", "works"]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request, command or task at hand; `None` outside one."""

services: "ContextVar[Services | None]" = ContextVar("services", default=None)
"""The services of the project at hand: of the innermost scope, else of the request; `None` outside both."""


class Work(Protocol):
    """Something that reads and changes data in a transaction of its own, such as a database session."""

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        ...

    @property
    def since(self) -> float | None:
        """When it began to read, by `time.monotonic()`, so that it may know nothing of later changes; else `None`."""
        ...

    def uncommitted(self) -> Mapping[str, frozenset[tuple[Any, ...]] | None]:
        """Return what it changed and nobody else sees yet: by table the keys of rows, `None` for any row."""
        ...


works: "ContextVar[tuple[ReferenceType[Work], ...]]" = ContextVar("works", default=())
"""What is at work in this context and in those it was copied from."""
