"""The app's endpoints, mounted under the project's API prefix."""

from typing import Annotated

from fastapi import APIRouter, Query
from framework.db import Page, Window
from framework.web import Inject

from atlas.schemas import CountryChange, CountryFields, CountryRead, CountryWindow, SubdivisionRead
from atlas.services import AtlasService

router = APIRouter(prefix="/countries", tags=["atlas"])


@router.get("")
async def list_countries(window: Annotated[CountryWindow, Query()], atlas: Inject[AtlasService]) -> Page[CountryRead]:
    """List countries, a page at a time."""
    return (await atlas.page(window)).map(CountryRead.model_validate)


@router.post("", status_code=201)
async def create_country(fields: CountryFields, atlas: Inject[AtlasService]) -> CountryRead:
    """Create a country."""
    return CountryRead.model_validate(await atlas.create(fields))


@router.get("/{id}")
async def read_country(id: int, atlas: Inject[AtlasService]) -> CountryRead:
    """Read a country."""
    return CountryRead.model_validate(await atlas.get(id))


@router.get("/{id}/subdivisions")
async def list_subdivisions(
    id: int, window: Annotated[Window, Query()], atlas: Inject[AtlasService]
) -> Page[SubdivisionRead]:
    """List the subdivisions of a country, a page at a time."""
    return (await atlas.parts(id, window)).map(SubdivisionRead.model_validate)


@router.patch("/{id}")
async def change_country(id: int, changes: CountryChange, atlas: Inject[AtlasService]) -> CountryRead:
    """Change some fields of a country."""
    return CountryRead.model_validate(await atlas.change(id, changes))


@router.delete("/{id}", status_code=204)
async def delete_country(id: int, atlas: Inject[AtlasService]) -> None:
    """Delete a country with its subdivisions."""
    await atlas.delete(id)
