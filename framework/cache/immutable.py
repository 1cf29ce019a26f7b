"""Which types say of all their values that nobody can change them."""

import datetime
import ipaddress
from collections.abc import Iterable
from dataclasses import is_dataclass
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


def is_immutable(type_: Any, seen: frozenset[Any] = frozenset()) -> bool:
    """Tell whether no value of the type, nor any part of one, can be changed.

    So are texts, numbers, dates, enums; tuples and frozen sets of such; frozen models and dataclasses and named tuples
    with such fields. A type that is not known to be is not.
    """
    if isinstance(type_, TypeAliasType):
        return is_immutable(type_.__value__, seen)
    if isinstance(type_, NewType):
        return is_immutable(cast("Any", type_).__supertype__, seen)
    origin = get_origin(type_)
    if origin is Annotated:
        base, *extras = get_args(type_)
        return is_immutable(base, seen) and not any(hasattr(each, "func") for each in extras)  # may return anything
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
    attributes = [each for base in cast("list[Any]", class_.__mro__) for each in base.__dict__.values()]
    if any(isinstance(each, cached_property) for each in attributes):
        return False  # kept with the instance, whatever it is
    if issubclass(class_, BaseModel):
        config = class_.model_config
        return bool(config.get("frozen")) and config.get("extra") != "allow" and not class_.__private_attributes__
    if is_dataclass(class_):
        return bool(cast("Any", class_).__dataclass_params__.frozen)
    return bool(issubclass(class_, tuple) and hasattr(cast("Any", class_), "_fields"))


def fields_of(class_: Any) -> Iterable[Any]:
    """Return the types of the fields."""
    if issubclass(class_, BaseModel):
        return (Annotated[each.annotation, *(each.metadata or [None])] for each in class_.model_fields.values())
    return get_type_hints(class_, include_extras=True).values()
