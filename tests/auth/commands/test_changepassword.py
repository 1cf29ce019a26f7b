"""`changepassword`, at a terminal and without one."""

from collections.abc import Callable

import pytest

from tests.terminal import Terminal

pytestmark = pytest.mark.timeout(240)

PASSWORD, AGAIN = "Password: ", "Password (again): "


def test_passwords_are_changed_at_a_terminal(talk: Callable[..., Terminal]) -> None:
    dialogue = talk(
        "migrate -v 0",
        "createsuperuser --noinput --username ann --email ann@example.com",
        "changepassword",
        "changepassword ann@example.com",
        "changepassword nobody",
    )
    assert dialogue.answer(PASSWORD, "correct horse").endswith("Changing password for user 'ann'\n")
    dialogue.answer(AGAIN, "correct hearse")
    assert dialogue.answer(PASSWORD, "123").endswith("Passwords do not match. Please try again.\n")
    dialogue.answer(AGAIN, "123")
    assert "too short" in dialogue.answer(PASSWORD, "correct horse")
    dialogue.answer(AGAIN, "correct horse")
    dialogue.read_until("Password changed successfully for user 'ann'\n")
    dialogue.answer(PASSWORD, "")
    dialogue.read_until("CommandError: aborted  [auth.password]\nexit 1\n")
    dialogue.read_until("CommandError: user 'nobody' does not exist  [auth.no-user]\nexit 1\n")
