"""Which values can be kept, and what is said of the others."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, PlainSerializer
from sqlmodel import Field, SQLModel

from framework.cache import MemoryCache
from framework.cache.codecs import Codec, Codecs, Mismatch
from framework.errors import FrameworkError


class Chair(SQLModel, table=True):
    __tablename__ = "cache_chair"

    id: int | None = Field(default=None, primary_key=True)
    legs: int = 4


class ChairRead(BaseModel):
    id: int
    legs: int


class Room(BaseModel):
    chairs: dict[str, list[Chair]]


type Chairs = list[Chair]


@pytest.mark.parametrize("type_", [Chair, list[Chair], Chair | None, Room, Chairs, Annotated[Chair, "x"]])
def test_rows_of_tables_are_refused_wherever_they_are(type_: Any) -> None:
    with pytest.raises(FrameworkError, match="Chair is a table") as caught:
        Codec(type_)
    assert caught.value.code == "cache.row"


def test_a_row_is_read_into_its_schema() -> None:
    codec = Codec[list[ChairRead]](list[ChairRead])
    assert codec.load(codec.dump([Chair(id=1)])) == [ChairRead(id=1, legs=4)]  # type: ignore[list-item]


def test_what_has_no_json_is_refused_by_name() -> None:
    class Opaque: ...

    with pytest.raises(FrameworkError, match="Opaque") as caught:
        Codec(Opaque)
    assert caught.value.code == "cache.value"
    with pytest.raises(FrameworkError, match="cannot be cached as"):
        Codec(int).dump("text")  # type: ignore[arg-type]


async def test_what_cannot_be_read_again_is_an_error_at_the_first_miss_too() -> None:
    async def make() -> int:
        return 1

    lossy = Annotated[int, PlainSerializer(lambda value: f"number {value}", return_type=str)]
    with pytest.raises(FrameworkError) as caught:
        await MemoryCache().get_or_set("k", make, lossy)
    assert caught.value.code == "cache.value"


def test_the_mark_tells_forms_of_a_type_apart() -> None:
    def form(annotation: Any) -> Any:
        return type("Form", (BaseModel,), {"__annotations__": {"a": annotation}, "__module__": "m"})

    assert Codec(form(int)).mark == Codec(form(int)).mark
    assert Codec(form(int)).mark != Codec(form(int | None)).mark
    assert Codec(list[int]).mark != Codec(tuple[int, ...]).mark


def test_codecs_are_made_once() -> None:
    codecs = Codecs()
    assert codecs.of(list[int]) is codecs.of(list[int])
    unhashable = Annotated[int, []]
    assert codecs.of(unhashable).load(b"1") == 1


def test_floats_that_json_has_no_word_for_come_back() -> None:
    codec = Codec[list[float]](list[float])
    assert codec.load(codec.dump([float("inf")])) == [float("inf")]


@dataclass
class Point:
    x: int


def test_garbage_is_no_value() -> None:
    with pytest.raises(Mismatch):
        Codec(Point).load(b"\x80\x04\x95")
