"""Values of types that nobody can change are one object for all who ask; of others, each caller has its own."""

import datetime
import uuid
from collections import namedtuple
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType

import pytest
from pydantic import AfterValidator, BaseModel, Field, PrivateAttr, field_validator
from pydantic_core import core_schema

from framework.cache import MemoryCache
from framework.cache.immutable import is_immutable


class Frozen(BaseModel, frozen=True):
    id: int
    name: Annotated[str, Field(max_length=5)] = ""
    more: "tuple[Frozen, ...]" = ()


class Open(BaseModel):
    id: int


class Holding(BaseModel, frozen=True):
    open: Open


class Listing(BaseModel, frozen=True):
    ids: list[int]


class Extra(BaseModel, frozen=True, extra="allow"):
    id: int


class Private(BaseModel, frozen=True):
    _seen: list[int] = PrivateAttr(default_factory=list)


class Remembering(BaseModel, frozen=True):
    id: int

    @cached_property
    def ids(self) -> list[int]:
        return [self.id]


class Validated(BaseModel, frozen=True):
    ids: Annotated[tuple[int, ...], AfterValidator(list)]


@dataclass(frozen=True)
class FrozenPoint:
    x: float


@dataclass
class Point:
    x: float


class Checked(BaseModel, frozen=True):
    ids: tuple[int, ...]

    @field_validator("ids")
    @classmethod
    def listed(cls, ids: tuple[int, ...]) -> Any:
        return list(ids)


class Prepared(BaseModel, frozen=True):
    id: int

    def model_post_init(self, context: Any) -> None:
        self.__dict__["ids"] = [self.id]


@dataclass(frozen=True)
class CheckedPoint:
    x: tuple[int, ...]

    @field_validator("x")
    @classmethod
    def listed(cls, x: tuple[int, ...]) -> Any:
        return list(x)


@dataclass(frozen=True)
class PreparedPoint:
    x: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", [self.x])


class Below(FrozenPoint):
    """Holds whatever is put there, besides the fields."""


class Odd:
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return core_schema.list_schema()


Untyped = namedtuple("Untyped", ["a", "b"])


class Pair(NamedTuple):
    a: int
    b: str | None


class Lists(NamedTuple):
    a: list[int]


class Colour(Enum):
    RED = 1


type Name = str
type Tree = str | tuple[Tree, ...]
type Grove = str | tuple[Grove, ...] | list[Grove]
Number = NewType("Number", int)

SCALARS = (
    int,
    str,
    bytes,
    float,
    bool,
    None.__class__,
    Decimal,
    uuid.UUID,
    datetime.datetime,
    Path,
    Colour,
    Name,
    Number,
    Tree,
)
HOLDERS = (tuple[int, ...], tuple[()], tuple[str, Frozen], frozenset[int], int | None, Literal["a"], Pair, FrozenPoint)


@pytest.mark.parametrize("type_", [*SCALARS, *HOLDERS, Frozen, tuple[Frozen, ...], Annotated[int, Field(gt=0)]])
def test_types_whose_every_part_stays_as_it_is_are_immutable(type_):
    assert is_immutable(type_)


MODELS = (Open, Holding, Listing, Extra, Private, Remembering, Validated, Checked, Prepared)
PLAIN = (Point, Lists, CheckedPoint, PreparedPoint, Below, Untyped, Grove, Annotated[int, Odd])


@pytest.mark.parametrize(
    "type_", [*MODELS, *PLAIN, Any, object, list[int], dict[str, int], set[int], tuple[Open, ...], tuple]
)
def test_types_of_which_any_part_may_change_are_not(type_):
    assert not is_immutable(type_)


@pytest.fixture
def cache() -> MemoryCache:
    return MemoryCache()


def test_a_class_that_names_what_only_pydantic_finds_is_not():
    @dataclass(frozen=True)
    class Node:
        parent: "Node | None"

    assert not is_immutable(Node)


def local(value: int) -> type[BaseModel]:
    class Local(BaseModel, frozen=True):
        id: int = value

    return Local


async def test_all_callers_get_one_object_where_nobody_can_change_it(cache):
    await cache.set("rows", (Frozen(id=1),), tuple[Frozen, ...])
    first = await cache.get("rows", tuple[Frozen, ...])
    assert first == (Frozen(id=1),)
    assert await cache.get("rows", tuple[Frozen, ...]) is first


async def test_every_caller_gets_its_own_where_it_can(cache):
    await cache.set("rows", [Frozen(id=1)], list[Frozen])
    first = await cache.get("rows", list[Frozen])
    first.clear()
    assert await cache.get("rows", list[Frozen]) == [Frozen(id=1)]


async def test_another_type_is_still_a_miss_after_the_value_was_read(cache):
    await cache.set("row", Frozen(id=1), Frozen)
    assert await cache.get("row", Frozen) == Frozen(id=1)
    assert await cache.get("row", Open) is None
    assert await cache.get("row", Frozen) == Frozen(id=1)


async def test_a_class_gets_no_values_of_another_with_its_name_and_fields(cache):
    one, other = local(1), local(1)
    await cache.set("row", one(id=1), one)
    assert type(await cache.get("row", one)) is one
    assert type(await cache.get("row", other)) is other


async def test_what_is_written_next_is_what_is_read(cache):
    for id_ in (1, 2):
        await cache.set("row", Frozen(id=id_), Frozen)
        assert await cache.get("row", Frozen) == Frozen(id=id_)


async def test_a_value_without_a_type_is_each_readers_own(cache):
    await cache.set("ids", (1, 2))
    first = await cache.get("ids")
    assert first == [1, 2]
    first.append(3)
    assert await cache.get("ids") == [1, 2]
    assert await cache.get("ids", tuple[int, ...]) == (1, 2)


async def test_a_miss_returns_what_its_hits_do(cache):
    async def rows() -> Any:
        return [{"id": 1}]

    made = await cache.get_or_set("rows", rows, tuple[Frozen, ...])
    hit = await cache.get_or_set("rows", rows, tuple[Frozen, ...])
    assert made == hit == (Frozen(id=1),)
    assert await cache.get_or_set("rows", rows, tuple[Frozen, ...]) is hit
