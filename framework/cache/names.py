"""The names of functions and classes, the same in every process that has the same code."""

import hashlib
from collections.abc import Iterator
from types import FunctionType, GenericAlias, MemberDescriptorType, UnionType
from typing import Any, cast, get_origin

from pydantic_core import to_json

from framework.cache.keys import NoKey, told
from framework.errors import FrameworkError

__all__ = ["name_of", "plain_name_of"]

LOCAL = "<locals>"


def plain_name_of(thing: Any) -> str:
    """Return the name of a function or a class. What is made inside of a function shares it with others."""
    return f"{thing.__module__}.{thing.__qualname__}"


def name_of(thing: Any) -> str:
    """Return the name of a function or a class; of what is made inside of a function, with what it was made with.

    Raises `FrameworkError` when that cannot be told to another process, so that the name would stand for others too.
    """
    name = plain_name_of(thing)
    if LOCAL not in name:
        return name
    made_with = described(thing, {id(thing)})
    return f"{name}#{hashlib.blake2b(made_with.encode(), digest_size=8).hexdigest()}" if made_with else name


def described(thing: Any, seen: set[int]) -> str:
    """Return what a function or a class inside of a function was made with, as another process would see it."""
    texts: list[str] = []
    for name, value in variables(thing):
        try:
            texts.append(f"{name}={text_of(value, seen)}")
        except NoKey:
            raise FrameworkError(
                f"{plain_name_of(thing)} is made inside of a function with {name!r}, a {type(value).__name__}, "
                "which does not tell it from others: all that are made there would share their results.",
                hint="Take it as an argument; services are left out of the key where `Inject[...]` marks them.",
                code="cache.key",
            ) from None
    return "; ".join(texts)


def variables(thing: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a function found in those around it, or what stands in a class."""
    if isinstance(thing, type):
        yield "", thing.__bases__
        for name, value in vars(thing).items():
            if isinstance(value, FunctionType) or not (
                name.startswith("__") or isinstance(value, MemberDescriptorType)
            ):
                yield name, value
        return
    for name, cell in zip(thing.__code__.co_freevars, thing.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # it has no value yet
            continue


def text_of(value: Any, seen: set[int]) -> str:
    """Return a value as text. Raises `NoKey` for one that has none, or another one in each process."""
    if isinstance(value, (GenericAlias, UnionType)) or get_origin(value) is not None:
        return repr(value)
    if type(value) is tuple:
        return f"({', '.join(text_of(each, seen) for each in cast('tuple[Any, ...]', value))})"
    if isinstance(value, property):
        value = value.fget
    elif isinstance(value, (staticmethod, classmethod)):
        value = cast("Any", value).__func__
    value = getattr(value, "__wrapped__", value)  # of a cached function
    if not isinstance(value, (type, FunctionType)):
        return to_json(told(value)).decode()
    name = plain_name_of(value)
    if LOCAL not in name or id(value) in seen:
        return name
    seen.add(id(value))
    return f"{name}({described(value, seen)})"
