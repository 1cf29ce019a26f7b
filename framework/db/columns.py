"""The columns of a model by the names of its fields."""

from typing import Any

from sqlalchemy.orm import InstrumentedAttribute, Mapper
from sqlmodel import SQLModel

from framework.db.lookup import table_of
from framework.db.near import near
from framework.errors import Invalid

__all__ = ["column_of", "columns_of", "key_of", "mapper_of"]


def mapper_of(model: type[SQLModel]) -> Mapper[Any]:
    """Return SQLAlchemy's mapper of a table model."""
    table_of(model)
    mapper: Mapper[Any] = getattr(model, "__mapper__")  # noqa: B009  # sqlmodel does not declare it
    return mapper


def columns_of(model: type[SQLModel]) -> dict[str, InstrumentedAttribute[Any]]:
    """Return every column of `model` by the name of its field."""
    return {attribute.key: getattr(model, attribute.key) for attribute in mapper_of(model).column_attrs}


def column_of(model: type[SQLModel], name: str, *, asked: str | None = None) -> InstrumentedAttribute[Any]:
    """Return the column behind the field `name`; raise `Invalid`, for the field `asked`, when there is none."""
    columns = columns_of(model)
    if name not in columns:
        raise Invalid(fields={asked or name: f"{model.__name__} has no field {name!r}. {near(name, columns)}"})
    return columns[name]


def key_of(model: type[SQLModel]) -> tuple[InstrumentedAttribute[Any], ...]:
    """Return the columns of the primary key."""
    mapper = mapper_of(model)
    return tuple(getattr(model, mapper.get_property_by_column(column).key) for column in mapper.primary_key)
