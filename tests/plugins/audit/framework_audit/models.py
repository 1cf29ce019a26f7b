"""The tables of the app."""

from datetime import UTC, datetime

from framework.db import Field, Model


class Entry(Model, table=True):
    """One change."""

    id: int = Field(default=None, primary_key=True)
    method: str = Field(max_length=10)
    path: str = Field(max_length=500, index=True)
    status: int
    at: datetime = Field(default_factory=lambda: datetime.now(UTC), index=True)
