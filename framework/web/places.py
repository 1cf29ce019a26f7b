"""Where in a request a route takes a value from, by its name."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

__all__ = ["places_of"]


def places_of(dependant: Any) -> dict[str, str]:
    """Return "path" or "query" for what FastAPI takes from there; a name that the body has as well is the body's."""
    levels = list(_levels(dependant))
    found: dict[str, str] = {}
    for place in ("query", "path", "body"):
        found |= {name: place for level in levels for name in _names(getattr(level, f"{place}_params"))}
    return {name: place for name, place in found.items() if place != "body"}


def _levels(dependant: Any) -> Iterator[Any]:
    """Yield what a route takes by itself, then what each of its dependencies takes."""
    yield dependant
    for below in dependant.dependencies:
        yield from _levels(below)


def _names(parameters: Iterable[Any]) -> Iterator[str]:
    for parameter in parameters:
        yield parameter.alias
        model = parameter.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            for name, field in model.model_fields.items():
                yield from {name, field.alias or name}
