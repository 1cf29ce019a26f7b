"""What the API takes and shows."""

from framework.db import Schema
from pydantic import Field


class ItemFields(Schema):
    """What a client may set."""

    title: str = Field(max_length=200)


class ItemChange(ItemFields, partial=True):
    """Some of the fields; what is left out stays as it is, and what is misspelt is refused."""


class ItemRead(ItemFields):
    """An item as the API shows it."""

    id: int
