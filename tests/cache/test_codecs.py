"""Which values can be kept, and what is said of the others."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Json, PlainSerializer, Secret, SecretStr, computed_field
from pydantic import Field as PydanticField
from pydantic.alias_generators import to_camel
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


class Named(BaseModel):
    """Written and read by other names where an API shows it, and with more than it takes."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    leg_count: int = 3
    arm_count: int = PydanticField(default=0, validation_alias=AliasChoices("arms", "armrests"))
    raw: Json[list[int]] = []

    @computed_field
    @property
    def all_count(self) -> int:
        return self.leg_count + self.arm_count


@pytest.mark.parametrize("by_alias", [False, True])
def test_names_that_an_api_gives_to_fields_change_no_value(by_alias: bool) -> None:
    class Shown(Named, serialize_by_alias=by_alias):
        more: tuple[Named, ...] = ()

    one = Shown.model_validate({"legCount": 5, "arms": 2, "raw": "[1]", "more": [{"armrests": 1}]})
    codec = Codec[Shown](Shown)
    assert codec.load(codec.dump(one)) == one


def test_a_row_is_read_into_a_schema_with_other_names() -> None:
    class Shown(BaseModel, alias_generator=to_camel):
        id: int
        legs: int = PydanticField(alias="legCount")

    codec = Codec[Any](list[Shown])
    assert codec.load(codec.dump([Chair(id=1)])) == [Shown.model_validate({"id": 1, "legCount": 4})]


class Signed(BaseModel):
    key: SecretStr


class Half(BaseModel):
    seen: int
    hidden: int = PydanticField(default=1, exclude=True)


@dataclass
class Holding:
    halves: list[Half]


@pytest.mark.parametrize("type_", [SecretStr, Secret[int], Signed, dict[str, Signed | None], Half, list[Half], Holding])
def test_what_would_not_be_written_is_refused(type_: Any) -> None:
    with pytest.raises(FrameworkError, match=r"a secret|'hidden'") as caught:
        Codec(type_)
    assert caught.value.code == "cache.value"


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
