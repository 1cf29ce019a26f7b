"""What is to change of a row: only what was given."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import MISSING
from sqlmodel import SQLModel

from framework.db.mapping.columns import mapper_of
from framework.db.near import near
from framework.errors import FrameworkError

__all__ = ["Changes", "given"]

type Changes = BaseModel | Mapping[str, Any]
"""A schema, of which only the fields that were set count, or values by name."""


def given(model: type[SQLModel], changes: Changes | None, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values to set on rows of `model`, or say which of them it has no field for."""
    if isinstance(changes, BaseModel):
        changes = changes.model_dump(exclude_unset=True, by_alias=False)
    values = {name: value for name, value in {**(changes or {}), **more}.items() if value is not MISSING}
    known = mapper_of(model).attrs
    for name in values:
        if name not in known:
            raise FrameworkError(
                f"{model.__name__} has no field {name!r} to change.",
                hint=near(name, known.keys()),
                code="db.unknown-change",
            )
    return values
