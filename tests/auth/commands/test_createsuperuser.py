"""`createsuperuser`: Django's questions and words, at a terminal and without one."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.terminal import Terminal

if TYPE_CHECKING:
    from tests.auth.commands.conftest import Site

pytestmark = pytest.mark.timeout(240)

EMAIL, PASSWORD, AGAIN = "Email address: ", "Password: ", "Password (again): "
BYPASS = "Bypass password validation and create user anyway? [y/N]: "


def test_without_input_fields_come_from_options_and_the_environment(site: "Site") -> None:
    output = site.manage(
        "createsuperuser --noinput --email a@example.com",
        "migrate -v 0",
        "createsuperuser --noinput",
        "createsuperuser --noinput --email nonsense",
        "createsuperuser --noinput --email A@Example.com",
        "createsuperuser --noinput --email a@example.com",
        "createsuperuser",
        "users --json",
        SUPERUSER_PASSWORD="1234",
    )
    *told, listed = output.split("$ ")[1:]
    before, _, nothing, nonsense, made, taken, skipped = (text.partition("\n")[2] for text in told)
    assert "The tables of users and auth are not there.\n  Hint: python manage.py migrate" in before
    assert nothing.startswith("CommandError: You must use --email with --noinput.\n  Hint: Or set SUPERUSER_EMAIL")
    assert nonsense.startswith("CommandError: Enter a valid email address.")
    assert "WARNING: This password is too short. It must contain at least 8 characters.\n" in made
    assert made.endswith("Superuser created successfully.\n")
    assert taken.endswith("CommandError: That email address is already taken.  [auth.superuser]\nexit 1\n")
    assert skipped == (
        "Superuser creation skipped due to not running in a TTY. "
        "You can run `manage.py createsuperuser` in your project to create one manually.\n"
    )
    (user,) = json.loads(listed.partition("\n")[2])
    assert user["email"] == "a@example.com"
    assert (user["is_superuser"], user["is_staff"], "password" in user) == (True, True, False)


def test_everything_is_asked_for_until_it_can_be_had(talk: Callable[..., Terminal]) -> None:
    dialogue = talk(
        "migrate -v 0", "createsuperuser --noinput --username root --email root@example.com", "createsuperuser"
    )
    name = "Username (leave blank to use 'ann'): "
    assert "Superuser created successfully.\n" in dialogue.answer(name, "a b")
    assert dialogue.answer(name, "root").endswith(
        "Error: Enter a valid username: letters, digits and @ . + - _ only.\n"
    )
    assert dialogue.answer(name, "").endswith("Error: That username is already taken.\n")
    dialogue.answer(EMAIL, "")
    assert dialogue.answer(EMAIL, "nonsense").endswith("Error: This field cannot be blank.\n")
    assert dialogue.answer(EMAIL, "Root@example.com").endswith("Error: Enter a valid email address.\n")
    assert dialogue.answer(EMAIL, "ann@example.com").endswith("Error: That email address is already taken.\n")
    dialogue.answer(PASSWORD, "one of two")
    dialogue.answer(AGAIN, "another one")
    assert dialogue.answer(PASSWORD, "  ").endswith("Error: Your passwords didn't match.\n")
    dialogue.answer(AGAIN, "  ")
    assert dialogue.answer(PASSWORD, "1234").endswith("Error: Blank passwords aren't allowed.\n")
    dialogue.answer(AGAIN, "1234")
    assert dialogue.answer(BYPASS, "").endswith(
        "This password is too short. It must contain at least 8 characters.\n"
        "This password is too common. Choose one that nobody else would think of.\n"
        "This password is entirely numeric. Add letters to it.\n"
    )
    dialogue.answer(PASSWORD, "1234")
    dialogue.answer(AGAIN, "1234")
    dialogue.answer(BYPASS, "y")
    dialogue.read_until("Superuser created successfully.\n")
    assert dialogue.process.wait(60) == 0


def test_a_question_is_broken_off_by_ctrl_c(talk: Callable[..., Terminal]) -> None:
    dialogue = talk("migrate -v 0", "createsuperuser --username eve --email eve@example.com", "users")
    dialogue.read_until(PASSWORD)
    dialogue.interrupt()
    dialogue.read_until("Operation cancelled.\nexit 1\n")
    dialogue.read_until("No users.\n")
