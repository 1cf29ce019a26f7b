"""Filters, orders and searches that a client may ask for: only what a class declares. Pydantic models, no web."""

from collections.abc import Iterator
from typing import Any, ClassVar, cast

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import MISSING, CoreSchema, InitErrorDetails, PydanticCustomError, core_schema
from sqlalchemy import ColumnElement, or_

from framework.db.mapping.ordering import parse
from framework.db.near import near
from framework.db.queries.lookups import Reach, reach
from framework.errors import FrameworkError, Invalid

__all__ = ["Filter", "Filters", "OrderBy", "Search", "conditions_of", "order_of"]


class Filter:
    """Gives a filter another name than the field it looks at: `tag: Annotated[str | None, Filter("tags__name")]`."""

    def __init__(self, path: str) -> None:
        self.path = path


class Search:
    """Marks the text to search for: every word of it must be in one of these fields, whatever its case."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths


class OrderBy:
    """Marks the order, and names the fields that it may use: `order: Annotated[str, OrderBy("title")] = "title"`."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def check(self, order: str) -> str:
        """Return `order` if it uses no other name."""
        try:
            keys = parse(order)
        except Invalid as error:
            raise ValueError(error.fields["order"]) from None
        for key in keys:
            if key.name not in self.names:
                raise ValueError(f"{key.name!r} is nothing to order by. {near(key.name, self.names)}")
        return order

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        text = f"Any of {', '.join(self.names)}, with a comma between; `-` in front of a name turns it round."
        return {"description": text, **handler(schema)}


class Filters(BaseModel):
    """What a client may ask about rows. Each field of a subclass is a filter, named as Django names lookups.

    A field that is `None` or left out filters nothing. A name that no field has is refused, with the nearest one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    __controls__: ClassVar[frozenset[str]] = frozenset()
    """Fields that are no filters."""

    @model_validator(mode="before")
    @classmethod
    def _know_every_name(cls, data: Any) -> Any:
        if cls.model_config.get("extra") != "forbid" or not isinstance(data, dict):
            return data
        known = [field.alias or name for name, field in cls.model_fields.items()]
        unknown = [str(name) for name in cast("dict[Any, Any]", data) if name not in known]
        if not unknown:
            return cast("dict[Any, Any]", data)
        raise ValidationError.from_exception_data(cls.__name__, [unknown_name(name, known) for name in unknown])


def conditions_of(filters: Filters, model: Any) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on rows of `model`."""
    for name, field in type(filters).model_fields.items():
        value: Any = getattr(filters, name)
        if value is None or value is MISSING or name in filters.__controls__ or marker(field, OrderBy):
            continue
        if search := marker(field, Search):
            reaches = [reached(filters, name, model, f"{path}__icontains") for path in search.paths]
            for word in value.split():
                yield or_(*(found.condition(word, name) for found in reaches))
        else:
            renamed = marker(field, Filter)
            yield reached(filters, name, model, renamed.path if renamed else name).condition(value, name)


def order_of(filters: Filters) -> str:
    """Return the order that was asked for; empty when the class declares none."""
    for name, field in type(filters).model_fields.items():
        if marker(field, OrderBy):
            return getattr(filters, name) or ""
    return ""


def reached(filters: Filters, name: str, model: Any, path: str) -> Reach:
    """Return where the filter `name` leads. That it leads nowhere is its author's mistake, not the client's."""
    try:
        return reach(model, path)
    except Invalid as error:
        text = next(iter(error.fields.values()))
        raise FrameworkError(f"{type(filters).__name__}.{name} filters nothing: {text}", code="db.filter") from None


def marker[T](field: FieldInfo, kind: type[T]) -> T | None:
    return next((item for item in field.metadata if isinstance(item, kind)), None)


def unknown_name(name: str, known: list[str]) -> InitErrorDetails:
    text = f"There is no filter {name!r}. {near(name, known)}".strip()
    return InitErrorDetails(type=PydanticCustomError("unknown_filter", cast("Any", text)), loc=(name,), input=None)
