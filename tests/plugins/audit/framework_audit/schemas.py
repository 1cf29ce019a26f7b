"""What the API shows."""

from datetime import datetime

from framework.db import Schema


class EntryRead(Schema):
    """A change as the API shows it."""

    id: int
    method: str
    path: str
    status: int
    at: datetime
