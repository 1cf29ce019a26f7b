"""The columns of a model by the names of its fields."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import InstrumentedAttribute, Mapper
from sqlmodel import SQLModel

from framework.db.near import near
from framework.errors import Invalid

__all__ = ["column_of", "key_of", "mapper_of"]


def mapper_of(model: Any) -> Mapper[Any]:
    """Return SQLAlchemy's mapper of a table model or of an alias of one."""
    return inspect(model).mapper


def column_of(model: Any, name: str, asked: str = "") -> InstrumentedAttribute[Any]:
    """Return the column behind the field `name` of a model or an alias.

    Raises `Invalid` when there is none, about the field `asked` of the one who asked.
    """
    mapper = mapper_of(model)
    if name not in mapper.column_attrs:
        known = mapper.column_attrs.keys()
        text = f"{mapper.class_.__name__} has no field {name!r}. {near(name, known)}"
        raise Invalid(fields={asked or name: text}, code="unknown_field")
    return getattr(model, name)


def key_of(model: type[SQLModel]) -> tuple[InstrumentedAttribute[Any], ...]:
    """Return the columns of the primary key."""
    mapper = mapper_of(model)
    return tuple(getattr(model, mapper.get_property_by_column(column).key) for column in mapper.primary_key)
