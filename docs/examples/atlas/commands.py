"""The app's commands."""

import pycountry
import typer
from framework import Inject

from atlas.services import AtlasService

commands = typer.Typer()


@commands.command()
async def load_atlas(atlas: Inject[AtlasService]) -> None:
    """Load the countries and subdivisions of ISO 3166 from the package pycountry."""
    countries = [
        {
            "alpha_2": country.alpha_2,
            "alpha_3": country.alpha_3,
            "name": country.name,
            "official_name": getattr(country, "official_name", None),
            "flag": country.flag,
        }
        for country in pycountry.countries
    ]
    subdivisions = [
        {
            "code": part.code,
            "name": part.name,
            "kind": part.type,
            "country": part.country_code,
            "parent": part.parent_code,
        }
        for part in pycountry.subdivisions
    ]
    await atlas.load(countries, subdivisions)
    typer.echo(f"Loaded {len(countries)} countries and {len(subdivisions)} subdivisions.")
