"""The tables of the app."""

from framework.db import Field, Model


class Item(Model, table=True):
    """An item."""

    id: int = Field(default=None, primary_key=True)
    title: str = Field(max_length=200)
