"""`users`."""

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.auth.commands.conftest import Site

pytestmark = pytest.mark.timeout(240)


def test_users_are_listed_by_what_they_are(site: "Site") -> None:
    output = site.manage(
        "migrate -v 0",
        "createsuperuser --noinput --email a@example.com",
        "createsuperuser --noinput --email b_@example.com",
        "changepassword a@example.com",
        "users",
        "users --limit 1",
        "users _",
        "users --no-staff",
        "users --group editors",
        stdin="correct horse battery\n",
    )
    *_, changed, listed, one, found, none, members = (text.partition("\n")[2] for text in output.split("$ ")[1:])
    assert changed.endswith("Password changed successfully for user 'a@example.com'\n")
    assert re.findall(r"^\d .*", listed, re.MULTILINE) == [
        "2   b_@example.com                  superuser, staff  never",
        "1   a@example.com                   superuser, staff  never",
    ]
    assert re.findall(r"^\d+ .*", one, re.MULTILINE)[-1] == "1 more; --limit lists more of them."
    assert "b_@" in found
    assert "a@" not in found
    assert none == members == "No users.\n"
