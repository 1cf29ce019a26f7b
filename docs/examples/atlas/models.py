"""The tables of the app: countries and their subdivisions, as ISO 3166 has them."""

from framework.db import Field, Model, Relationship


class Country(Model, table=True):
    """A country."""

    id: int = Field(default=None, primary_key=True)
    alpha_2: str = Field(max_length=2, unique=True)
    alpha_3: str = Field(max_length=3, unique=True)
    name: str = Field(max_length=200, index=True)
    official_name: str | None = Field(default=None, max_length=200)
    flag: str = Field(default="", max_length=8)
    subdivisions: list["Subdivision"] = Relationship(to="atlas.Subdivision", back_populates="country")


class Subdivision(Model, table=True):
    """A part of a country: a state, a province, a department."""

    id: int = Field(default=None, primary_key=True)
    code: str = Field(max_length=10, unique=True)
    name: str = Field(max_length=200, index=True)
    kind: str = Field(max_length=100)
    country_id: int = Field(foreign_key="atlas.Country.id", ondelete="CASCADE", index=True)
    parent_id: int | None = Field(default=None, foreign_key="atlas.Subdivision.id", ondelete="CASCADE", index=True)
    country: Country = Relationship(to="atlas.Country", back_populates="subdivisions")
