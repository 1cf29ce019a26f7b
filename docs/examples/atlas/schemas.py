"""What the API takes and shows."""

from typing import Annotated

from framework.db import OrderBy, Schema, Search, Window
from pydantic import Field


class CountryWindow(Window):
    """What a client may ask of the list of countries."""

    q: Annotated[str | None, Search("name", "official_name")] = None
    alpha_2: str | None = None
    order: Annotated[str, OrderBy("name", "alpha_2")] = "name"


class CountryFields(Schema):
    """What a client may set."""

    alpha_2: str = Field(pattern="^[A-Z]{2}$")
    alpha_3: str = Field(pattern="^[A-Z]{3}$")
    name: str = Field(min_length=1, max_length=200)
    official_name: str | None = Field(default=None, max_length=200)


class CountryChange(CountryFields, partial=True):
    """Some of the fields; what is left out stays as it is."""


class CountryRead(CountryFields):
    """A country as the API shows it."""

    id: int
    flag: str


class SubdivisionRead(Schema):
    """A subdivision as the API shows it."""

    id: int
    code: str
    name: str
    kind: str
