"""Validators: Django's four, and what they tell people."""

import pytest

from framework.auth import Passwords, PasswordValidator
from framework.auth.passwords.common import common_passwords
from framework.auth.passwords.validators import (
    CommonValidator,
    LengthValidator,
    NumericValidator,
    SimilarityValidator,
)
from framework.auth.settings import PasswordSettings
from framework.errors import ImproperlyConfigured, Invalid
from framework.users import UserBase

USER = UserBase(email="jane.smithson@example.com", username="wonderwoman", full_name="Jane Smithson-Miller")
HOME = "framework.auth.passwords.validators"


@pytest.mark.parametrize(
    ("password", "field"),
    [
        ("smithson1", "email"),
        ("JaneSmithson", "email"),
        ("example.com", "email"),
        ("wonderwoman!", "username"),
        ("nomawrednow", "username"),  # the same letters
        ("xMillerx", "full name"),
    ],
)
def test_what_resembles_the_user_is_refused_and_says_whose_field(password: str, field: str) -> None:
    problem = SimilarityValidator().problem(password, USER)
    assert problem == f"The password is too similar to the {field}. Choose one without it."


@pytest.mark.parametrize("password", ["correct horse battery", "x" * 1_000_000, "jane", ""])
def test_what_has_little_in_common_is_taken(password: str) -> None:
    validator = SimilarityValidator()
    assert (validator.problem(password, USER) is None) == (password != "jane")
    assert validator.problem(password, None) is None


def test_how_much_and_what_to_compare_is_an_option() -> None:
    assert SimilarityValidator(max_similarity=1.0).problem("smithson1", USER) is None
    assert SimilarityValidator(fields=("username",)).problem("smithson1", USER) is None


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "PASSWORD",
        " qwerty ",
        "12345678",
        "iloveyou",
        "sunshine",
        "dragon",
        "Password1!",
        "summer2026",
        "monkey..",
    ],
)
def test_a_common_password_is_refused_with_a_few_characters_added_too(password: str) -> None:
    assert "common" in (CommonValidator().problem(password, None) or "")


@pytest.mark.parametrize(
    "password", ["dragon7F#kq9!", "michael93824417", "correct horse battery", "", "!!!!", "cat2026"]
)
def test_one_with_more_of_its_own_is_taken(password: str) -> None:
    assert CommonValidator().problem(password, None) is None


def test_the_list_of_common_passwords_has_thousands_in_lower_case_and_is_read_once() -> None:
    found = common_passwords()
    assert len(found) >= 20_000
    assert all(password == password.lower() for password in found)
    assert common_passwords() is found


def test_short_ones_and_numbers_are_refused() -> None:
    assert LengthValidator().problem("x" * 7, None) == (
        "This password is too short. It must contain at least 8 characters."
    )
    assert LengthValidator().problem("x" * 8, None) is None
    assert LengthValidator(minimum=1).problem("", None) == (
        "This password is too short. It must contain at least 1 character."
    )
    assert NumericValidator().problem("90210\u0661", None) == "This password is entirely numeric. Add letters to it."
    assert NumericValidator().problem("90210x", None) is None


class NoSpaces(PasswordValidator):
    def __init__(self, instead: str = "_") -> None:
        self.instead = instead

    def problem(self, password: str, user: UserBase | None) -> str | None:
        return f"Write {self.instead} for spaces." if " " in password else None

    @property
    def help(self) -> str:
        return "It can't contain spaces."


async def test_all_that_is_wrong_is_told_at_once_under_the_name_of_the_field() -> None:
    passwords = Passwords(PasswordSettings())
    with pytest.raises(Invalid) as caught:
        await passwords.validate("1234", field="new_password")
    assert caught.value.fields == {
        "new_password": "This password is too short. It must contain at least 8 characters. "
        "This password is too common. Choose one that nobody else would think of. "
        "This password is entirely numeric. Add letters to it."
    }
    await passwords.validate("correct horse battery", USER)
    assert passwords.requirements() == [
        "It can't be too similar to your other personal information.",
        "It must contain at least 8 characters.",
        "It can't be a commonly used password.",
        "It can't be entirely numeric.",
    ]
    await passwords.close()


async def test_a_project_chooses_its_validators_and_their_options() -> None:
    own = {f"{__name__}:NoSpaces": {"instead": "-"}, f"{HOME}:LengthValidator": {"minimum": 3}}
    passwords = Passwords(PasswordSettings(validators=own))
    assert await passwords.problems("a b") == ["Write - for spaces."]
    assert await passwords.problems("1234") == []
    assert len(passwords.requirements()) == 2
    await passwords.close()


@pytest.mark.parametrize(
    ("validators", "why"),
    [
        ({f"{HOME}:LengthValidator": {"minimal": 3}}, "cannot be made with its options: .*minimal"),
        ({f"{HOME}:SimilarityValidator": {"max_similarity": 2}}, "max_similarity is 2; wanted 0.1 to 1"),
        ({f"{HOME}:parts": {}}, "is no PasswordValidator"),
    ],
)
def test_a_wrong_validator_is_named_when_the_project_loads(validators: dict[str, dict[str, object]], why: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=why):
        Passwords(PasswordSettings(validators=validators))
