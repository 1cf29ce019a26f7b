"""What the app can do. Knows no web: routes, commands, tasks and tests use the same services."""

from collections.abc import Iterable, Mapping
from typing import Any

from framework import service
from framework.db import Page, Repository, Window

from atlas.models import Country, Subdivision
from atlas.schemas import CountryChange, CountryFields, CountryWindow


@service
class AtlasService:
    """Keeps countries and their subdivisions."""

    def __init__(self, countries: Repository[Country], subdivisions: Repository[Subdivision]) -> None:
        self.countries = countries
        self.subdivisions = subdivisions

    async def page(self, window: CountryWindow) -> Page[Country]:
        """Return the countries that the window asks for."""
        return await self.countries.page(window)

    async def parts(self, id: int, window: Window) -> Page[Subdivision]:
        """Return subdivisions of a country, or raise `NotFound`."""
        country = await self.countries.get(id)
        return await self.subdivisions.page(window, country_id=country.id)

    async def get(self, id: int) -> Country:
        """Return a country, or raise `NotFound`."""
        return await self.countries.get(id)

    async def create(self, fields: CountryFields) -> Country:
        """Store a new country; `Conflict` names every code that is taken."""
        await self.countries.require_unique(alpha_2=fields.alpha_2, alpha_3=fields.alpha_3)
        return await self.countries.add(Country(**fields.model_dump()))

    async def change(self, id: int, changes: CountryChange) -> Country:
        """Set the given fields of a country, or raise `NotFound`."""
        return await self.countries.update(await self.countries.get(id), changes)

    async def delete(self, id: int) -> None:
        """Delete a country with its subdivisions, or raise `NotFound`."""
        await self.countries.delete(await self.countries.get(id))

    async def load(self, countries: Iterable[Mapping[str, Any]], subdivisions: Iterable[Mapping[str, Any]]) -> None:
        """Store countries and subdivisions; all of them, or none when one is refused.

        A subdivision says `country` (its `alpha_2`) and `parent` (a code, or `None`).
        """
        ids = {row.alpha_2: row.id for row in await self.countries.add_all(Country(**values) for values in countries)}
        known: dict[str, int] = {}
        waiting = list(subdivisions)
        while waiting:  # a parent is stored before its parts
            ready = [values for values in waiting if values["parent"] is None or values["parent"] in known]
            rows = await self.subdivisions.add_all(
                Subdivision(
                    code=values["code"],
                    name=values["name"],
                    kind=values["kind"],
                    country_id=ids[values["country"]],
                    parent_id=known.get(values["parent"] or ""),
                )
                for values in ready
            )
            if not rows:
                raise ValueError(f"parents are missing of {[values['code'] for values in waiting]}")
            known |= {row.code: row.id for row in rows}
            waiting = [values for values in waiting if values["code"] not in known]
