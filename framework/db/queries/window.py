"""Which part of a result is asked for. Usable in a route as `window: Annotated[Window, Query()]`."""

from typing import ClassVar

from pydantic import Field

from framework.db.queries.filters import Filters

__all__ = ["CursorWindow", "Window"]


class Window(Filters):
    """So many rows from such a place. Declare filters, an order or a search in a subclass, or another `limit`."""

    __controls__: ClassVar[frozenset[str]] = frozenset({"limit", "offset"})

    limit: int = Field(default=20, ge=1, le=100, description="How many to return.")
    offset: int = Field(default=0, ge=0, le=2**31 - 1, description="How many to skip.")


class CursorWindow(Filters):
    """So many rows after the last one of the page before; rows that come in meanwhile move nothing."""

    __controls__: ClassVar[frozenset[str]] = frozenset({"limit", "cursor"})

    limit: int = Field(default=20, ge=1, le=100, description="How many to return.")
    cursor: str | None = Field(default=None, max_length=2000, description="`next` of the page before.")
