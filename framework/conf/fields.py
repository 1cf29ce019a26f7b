"""What a field can hold: finds the setting a path leads to, and reads a variable's text for it."""

import json
from collections.abc import Iterator, Mapping, MutableMapping, MutableSequence, MutableSet, Sequence
from collections.abc import Set as AbstractSet
from types import NoneType, UnionType
from typing import Annotated, Any, TypeAliasType, Union, cast, get_args, get_origin

from pydantic import AliasChoices, BaseModel, Json, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import NoDecode

__all__ = [
    "MISSING",
    "alternatives",
    "annotation_of",
    "child",
    "decode",
    "field_names",
    "is_secret",
    "leaves",
    "merge",
    "model_of",
    "models",
    "names_of",
]

MISSING: Any = object()
"""No value, where `None` is one."""

LISTS = (list, tuple, set, frozenset, Sequence, MutableSequence, AbstractSet, MutableSet)
MAPPINGS = (dict, Mapping, MutableMapping)


def alternatives(annotation: Any) -> Iterator[Any]:
    """Yield the plain types in a union, an `Annotated` or a type alias."""
    origin = get_origin(annotation)
    if isinstance(annotation, TypeAliasType) or isinstance(origin, TypeAliasType):
        yield from alternatives(cast("TypeAliasType", origin or annotation).__value__)
    elif origin is Annotated:
        yield from alternatives(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for member in get_args(annotation):
            yield from alternatives(member)
    else:
        yield annotation


def annotation_of(field: FieldInfo) -> Any:
    """Return a field's type with the metadata that pydantic took out of it."""
    return field.rebuild_annotation()


def names_of(name: str, field: FieldInfo) -> set[str]:
    """Return the names a variable may use for a field, lower case."""
    alias = field.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return {name.lower(), *(choice.lower() for choice in choices if isinstance(choice, str))}


def models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models among the alternatives of a type."""
    return [kind for kind in alternatives(annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]


def field_names(annotation: Any) -> list[str]:
    """Return the names of the fields of the models a type asks for."""
    return [name for model in models(annotation) for name in model.model_fields]


def model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model a type asks for, or `None` when it asks for none, or for one of several."""
    found = models(annotation)
    return found[0] if len(found) == 1 else None


def child(annotation: Any, part: str) -> tuple[str, Any] | None:
    """Return the key and the type that `part` reaches below `annotation`, or `None` when there is no such setting."""
    for model in models(annotation):
        for name, field in model.model_fields.items():
            if part.lower() in names_of(name, field):
                return name, annotation_of(field)
    for kind in alternatives(annotation):
        if (get_origin(kind) or kind) in MAPPINGS:
            return part, (get_args(kind) or (Any, Any))[1]
    return None


def is_secret(annotation: Any) -> bool:
    """Tell whether a value of this type is never shown."""
    return any(
        isinstance(kind, type) and issubclass(kind, SecretStr | SecretBytes) for kind in alternatives(annotation)
    )


def decode(annotation: Any, text: str) -> Any:
    """Return the value of a variable's text for a field of this type, or `MISSING` when it says nothing.

    Lists are read from `a,b` or JSON, mappings and models from JSON; the rest is left to pydantic. An empty text says
    nothing, as compose files and platforms mean it, unless the field is a plain `str`.
    """
    kinds = [kind for kind in alternatives(annotation) if kind is not NoneType]
    if not text and kinds != [str]:
        return MISSING
    if get_origin(annotation) is Annotated and any(mark in (NoDecode, Json) for mark in get_args(annotation)[1:]):
        return text
    origins = [get_origin(kind) or kind for kind in kinds]
    lists = [origin in LISTS for origin in origins]
    nested = [origin in MAPPINGS or (isinstance(origin, type) and issubclass(origin, BaseModel)) for origin in origins]
    if any(lists) or any(nested):
        if text.lstrip()[:1] in ("[", "{"):
            try:
                return json.loads(text)
            except ValueError:
                return text  # pydantic refuses it together with the other bad values
        if all(lists):
            return [part.strip() for part in text.split(",") if part.strip()]
    return text


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every value that stands in nested dictionaries."""
    if isinstance(value, dict) and value:
        for key, item in cast("dict[str, Any]", value).items():
            yield from leaves(item, (*path, key))
    else:
        yield path


def merge(standing: Any, change: Any, model: type[BaseModel] | None = None) -> Any:
    """Return `standing` with `change` laid over it: a dictionary changes what it names and leaves the rest.

    A model that stands becomes a dictionary of what was set in it, so that its own defaults stay defaults.
    """
    if not isinstance(change, dict):
        return change
    if isinstance(standing, BaseModel):
        model = type(standing)
    base: dict[str, Any] = {}
    if isinstance(standing, BaseModel):
        base = {name: getattr(standing, name) for name in standing.model_fields_set}
    elif isinstance(standing, dict):
        base = dict(cast("dict[str, Any]", standing))
    for key, value in cast("dict[str, Any]", change).items():
        base[key] = merge(base.get(key, default_of(model, key)), value, nested_model(model, key))
    return base


def default_of(model: type[BaseModel] | None, name: str) -> Any:
    """Return the default of a model's field, or `MISSING`."""
    field = model.model_fields.get(name) if model else None
    if field is None or field.is_required():
        return MISSING
    return field.get_default(call_default_factory=True, validated_data={})


def nested_model(model: type[BaseModel] | None, name: str) -> type[BaseModel] | None:
    """Return the model that a model's field asks for, or `None`."""
    field = model.model_fields.get(name) if model else None
    return model_of(field.annotation) if field else None
