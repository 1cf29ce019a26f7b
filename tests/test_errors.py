"""What every error of the framework carries."""

import pytest

from framework import errors
from framework.errors import (
    CommandError,
    Conflict,
    DomainError,
    FrameworkError,
    ImproperlyConfigured,
    Invalid,
    NotFound,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
)

EVERY = [getattr(errors, name) for name in errors.__all__]


def test_every_error_is_one_of_ours_and_is_in_the_tree_of_the_module() -> None:
    for kind in EVERY:
        assert issubclass(kind, FrameworkError)
        assert kind.__name__ in (errors.__doc__ or "")


def test_codes_are_not_shared() -> None:
    codes = [kind.code for kind in EVERY]
    assert sorted(set(codes)) == sorted(codes)


def test_an_error_prints_its_message_hint_and_code() -> None:
    error = ImproperlyConfigured("It is wrong.", hint="Do it right.", code="test.wrong")
    assert str(error) == "It is wrong.\n  Hint: Do it right.  [test.wrong]"
    assert (error.message, error.hint, error.code) == ("It is wrong.", "Do it right.", "test.wrong")
    assert str(ImproperlyConfigured("It is wrong.")) == "It is wrong.  [conf.improper]"


def test_a_code_of_one_error_leaves_its_class_alone() -> None:
    ImproperlyConfigured("x", code="test.wrong")
    assert ImproperlyConfigured.code == "conf.improper"


def test_a_command_error_has_an_exit_code() -> None:
    assert CommandError("x").exit_code == 1
    assert CommandError("x", exit_code=3).exit_code == 3


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (NotFound(), "Not found."),
        (NotFound("article"), "Article not found."),
        (NotFound("API key"), "API key not found."),
        (NotFound("article", detail="It was deleted."), "It was deleted."),
        (Conflict(), "The change conflicts with existing data."),
        (Invalid(), "Some values are invalid."),
        (PermissionDenied(), "You do not have permission to do this."),
        (Unauthenticated(), "Authentication is required."),
        (Unauthenticated("invalid"), "The credentials are invalid."),
        (Unauthenticated("expired"), "The credentials have expired."),
        (Unauthenticated("login"), "The login details are wrong."),
        (Unavailable("database"), "The service is temporarily unavailable."),
    ],
)
def test_a_domain_error_has_a_sentence_for_people(error: DomainError, detail: str) -> None:
    assert error.detail == detail


def test_a_domain_error_carries_its_data() -> None:
    given = {"email": "is taken"}
    error = Conflict("user", fields=given, hint="Look at the unique keys.", code="users.email")
    given.clear()
    assert (error.subject, error.fields, error.code) == ("user", {"email": "is taken"}, "users.email")
    assert error.hint == "Look at the unique keys."
    assert Unavailable(retry_after=2.5).retry_after == 2.5
    assert Unauthenticated("expired").reason == "expired"
