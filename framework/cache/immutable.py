"""Which types say of all their values that nobody can change them."""

import datetime
import ipaddress
from collections.abc import Iterable
from decimal import Decimal
from enum import Enum
from functools import cached_property
from pathlib import PurePath
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, TypeAliasType, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import BaseModel

__all__ = ["is_immutable"]

NUMBERS = (bool, int, float, complex, Decimal)
TIMES = (datetime.date, datetime.datetime, datetime.time, datetime.timedelta)
ADDRESSES = (ipaddress.IPv4Address, ipaddress.IPv6Address, ipaddress.IPv4Network, ipaddress.IPv6Network)
SCALARS = frozenset((*NUMBERS, *TIMES, *ADDRESSES, str, bytes, NoneType, UUID))
HOLDERS = (tuple, frozenset)
MAKING = ("func", "__get_pydantic_core_schema__")
"""What an annotation has that may make anything of a value."""


def is_immutable(type_: Any, seen: frozenset[Any] = frozenset()) -> bool:
    """Tell whether no value of the type, nor any part of one, can be changed.

    So are texts, numbers, dates, enums; tuples and frozen sets of such; frozen models and dataclasses and named tuples
    with such fields, of which no code of their own makes something else. A type that is not known to be is not.
    """
    if isinstance(type_, TypeAliasType):
        return type_ in seen or is_immutable(type_.__value__, seen | {type_})
    if isinstance(type_, NewType):
        return is_immutable(cast("Any", type_).__supertype__, seen)
    origin = get_origin(type_)
    if origin is Annotated:
        base, *extras = get_args(type_)
        return is_immutable(base, seen) and not any(hasattr(each, name) for each in extras for name in MAKING)
    if origin is Literal:
        return True
    if origin in (Union, UnionType, *HOLDERS):
        return all(is_immutable(each, seen) for each in get_args(type_) if each is not ...)
    return isinstance(type_, type) and is_immutable_class(type_, seen)


def is_immutable_class(class_: type, seen: frozenset[Any]) -> bool:
    """Tell it of a class."""
    if class_ in SCALARS or class_ in seen or issubclass(class_, (Enum, PurePath)):
        return True
    return has_frozen_fields(class_) and all(is_immutable(each, seen | {class_}) for each in fields_of(class_))


def has_frozen_fields(class_: Any) -> bool:
    """Tell whether a class is made of fields, and they stay as they are."""
    if has_code(class_):
        return False
    if issubclass(class_, BaseModel):
        config = class_.model_config
        return bool(config.get("frozen")) and config.get("extra") != "allow" and not class_.__private_attributes__
    own = cast("dict[str, Any]", vars(class_))  # a class below one that is frozen need not be
    params = own.get("__dataclass_params__")
    return bool(params.frozen) if params is not None else issubclass(class_, tuple) and "_fields" in own


def has_code(class_: Any) -> bool:
    """Tell whether code of a class may keep with a value, or put in the place of its fields, whatever it likes."""
    attributes = [each for base in cast("list[Any]", class_.__mro__) for each in base.__dict__.values()]
    if any(isinstance(each, cached_property) or hasattr(each, "decorator_info") for each in attributes):
        return True
    if hasattr(class_, "__post_init__") or getattr(class_, "__pydantic_post_init__", None):
        return True
    known = getattr(class_, "__pydantic_decorators__", None)  # where Pydantic has taken its decorators out of the class
    kinds = ("validators", "field_validators", "root_validators", "model_validators")
    return any(getattr(known, kind, None) for kind in kinds)


def fields_of(class_: Any) -> Iterable[Any]:
    """Return the types of the fields."""
    if issubclass(class_, BaseModel):
        return (Annotated[each.annotation, *(each.metadata or [None])] for each in class_.model_fields.values())
    try:
        hints = get_type_hints(class_, include_extras=True)
    except NameError:  # something local, which only Pydantic finds
        return (Any,)
    return [hints.get(name, Any) for name in getattr(class_, "_fields", hints)]
