"""Schemas, and what a client may leave out."""

from dataclasses import dataclass

import pytest
from pydantic import Field, ValidationError

from framework.db import Schema


class PostFields(Schema):
    title: str = Field(max_length=5)
    """What it is called."""
    note: str | None = None
    tags: list[str] = Field(default_factory=list)


class PostChange(PostFields, partial=True):
    """A change."""


class PostRead(PostFields):
    id: int


@dataclass
class Row:
    id: int
    title: str
    note: str | None
    tags: list[str]


def test_a_schema_is_read_from_a_row() -> None:
    assert PostRead.model_validate(Row(1, "a", None, [])).model_dump() == {
        "id": 1,
        "title": "a",
        "note": None,
        "tags": [],
    }


def test_what_a_change_leaves_out_is_absent_and_what_it_sets_to_null_is_there() -> None:
    assert PostChange.model_validate({}).model_dump() == {}
    assert PostChange.model_validate({"note": None}).model_dump() == {"note": None}


@pytest.mark.parametrize("changes", [{"title": None}, {"title": "too long"}, {"tags": [1]}])
def test_a_change_is_held_to_the_rules_of_its_fields(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PostChange.model_validate(changes)


def test_a_change_requires_nothing_and_its_parent_still_does() -> None:
    assert "required" not in PostChange.model_json_schema()
    assert PostFields.model_json_schema()["required"] == ["title"]
    assert PostChange.model_json_schema()["properties"]["title"]["description"] == "What it is called."


def test_a_change_refuses_what_it_does_not_know_unless_it_says_otherwise() -> None:
    class Lenient(PostFields, partial=True, extra="ignore"):
        """A change that may carry what it cannot change."""

    with pytest.raises(ValidationError, match="titel"):
        PostChange.model_validate({"titel": "a"})
    assert Lenient.model_validate({"titel": "a"}).model_dump() == {}
    assert PostFields.model_validate({"title": "a", "titel": "b"}).model_dump()["title"] == "a"
    assert PostChange.model_validate(Row(1, "a", None, [])).model_dump() == {"title": "a", "note": None, "tags": []}
