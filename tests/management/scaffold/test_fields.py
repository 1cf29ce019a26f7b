"""Fields on the command line."""

import pytest

from framework.errors import CommandError
from framework.management.scaffold.fields import parse_field, parse_fields

LINES = {
    "name": ("name: str", "name: str"),
    "name:str:200": ("name: str = Field(max_length=200)", "name: str = Field(max_length=200)"),
    "name:str:200:unique": ("name: str = Field(max_length=200, unique=True)", "name: str = Field(max_length=200)"),
    "name:str:index": ("name: str = Field(index=True)", "name: str"),
    "note:str?": ("note: str | None = None", "note: str | None = None"),
    "note:str:40?": ("note: str | None = Field(default=None, max_length=40)",) * 2,
    "price:decimal": ("price: Decimal = Field(max_digits=12, decimal_places=2)",) * 2,
    "made:date": ("made: date", "made: date"),
    "seen:datetime": ("seen: datetime", "seen: Timestamp"),
    "seen:datetime?": ("seen: datetime | None = None", "seen: Timestamp | None = None"),
    "rating:float": ("rating: float", "rating: FiniteFloat"),
    "category:shop.Category": (
        'category_id: int = Field(foreign_key="shop.Category.id", ondelete="CASCADE", index=True)',
        "category_id: int",
    ),
    "category_id:shop.Category?": (
        'category_id: int | None = Field(default=None, foreign_key="shop.Category.id", '
        'ondelete="SET NULL", index=True)',
        "category_id: int | None = None",
    ),
}


@pytest.mark.parametrize(("text", "lines"), LINES.items(), ids=LINES)
def test_a_field_is_one_line_in_the_model_and_one_in_the_schema(text: str, lines: tuple[str, str]) -> None:
    field = parse_field(text)
    assert (field.in_model(), field.in_schema()) == lines


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1st:str", "'1st' cannot be the name of a field"),
        ("class:str", "'class' cannot be the name of a field"),
        ("metadata:str", "'metadata' cannot be the name of a field"),
        ("_x:int", "'_x' cannot be the name of a field"),
        ("price:decimel", "'decimel' is no type of a field, did you mean 'decimal'?"),
        ("product:Product", "'Product' names no app; a model is 'app.Product', as in 'shop.Product'"),
        ("price:int:3", "'3' is no option of a 'int' field"),
        ("name:str:0", "'0' is no option of a 'str' field"),
    ],
)
def test_a_field_that_makes_no_sense_is_refused_with_the_grammar(text: str, reason: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_field(text)
    assert caught.value.message == f"Field {text!r}: {reason}{'' if reason.endswith('?') else '.'}"
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(
        "A field is name:type[:length][:unique][:index][?], where type is one of bool, "
    )


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(CommandError, match="'name' is given twice"):
        parse_fields(["name:str", "name:int"])
