"""Users of a project's own: other names for what they are made of, and what is told of mistakes."""

from pathlib import Path

import pytest
from place import Place

from framework.users import base

PREFLIGHT = """
import asyncio
from config.settings import ProjectSettings
from framework import Project

project = Project(ProjectSettings())
print(*asyncio.run(project.apps["auth"].preflight(project)))
"""


@pytest.mark.timeout(240)
def test_the_first_migration_of_users_may_be_called_anything(sqlite_place: Place) -> None:
    output = sqlite_place.manage("makemigrations users -n people", "migrate auth")
    assert "0001_people.py" in output
    assert output.index("users.0001_people... OK") < output.index("auth.0001_initial... OK")


@pytest.mark.timeout(240)
def test_a_late_swap_is_told_of_and_can_be_mended(sqlite_place: Place) -> None:
    place = sqlite_place
    place.change("config/settings.py", '"people"', '"framework.users"')
    place.change("config/settings.py", '        "staff",\n', "")
    place.manage("migrate")
    place.change("config/settings.py", '"framework.users"', '"people"')
    output = place.manage("makemigrations users", "migrate")
    assert "No migrations to apply." in output
    assert "The table of people.User lacks 'phone'" in output
    assert "[users.late-swap]" in output
    assert "The table of people.User lacks 'phone'" in place.run(PREFLIGHT)

    first = place.folder / "people" / "migrations" / "0001_initial.py"
    first.write_text((Path(base.__file__).parent / "migrations" / first.name).read_text())
    output = place.manage("makemigrations users", "migrate")
    assert "0002_user_phone.py" in output
    assert "users.0002_user_phone... OK" in output
    assert "WARNING" not in output + place.run(PREFLIGHT)


MISTAKES = """
from typing import Any, ClassVar
from uuid import UUID, uuid4

from framework.db import Field
from framework.users import UserBase


class User(UserBase, table=True):
    __tablename__ = "person"
    __permissions__: ClassVar[dict[str, Any]] = {"change": "x", "Publish": "x", "ban": 1}

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    email: str = Field(max_length=254)
    is_staff: ClassVar[bool] = False
"""


@pytest.mark.timeout(240)
def test_check_names_what_keeps_users_from_being_users(sqlite_place: Place) -> None:
    place = sqlite_place
    place.write("people/models.py", MISTAKES)
    place.change("config/settings.py", '        "staff",\n', "")
    output = place.manage("check")
    for told in (
        "The table of people.models.User is called 'person'; other apps refer to 'users_user'.",
        "The key of people.models.User is Uuid(); other apps refer to users by a number.",
        "people.models.User has no column 'is_staff', which every user has.",
        "people.models.User.email is not unique",
        "people has no migration yet",
        "names the action 'change', which every model has",
        "names the action 'Publish'; wanted lower-case",
        "says 1 of 'ban'; wanted a sentence",
    ):
        assert told in output, output


def test_a_user_that_is_none_is_named_with_what_it_lacks(sqlite_place: Place) -> None:
    place = sqlite_place
    place.write(
        "people/models.py",
        "from framework.db import Field, Model\n\n\nclass User(Model, table=True):\n"
        "    id: int = Field(default=None, primary_key=True)\n    email: str\n",
    )
    output = place.manage("check")
    assert "people.models.User does not derive from UserBase, and lacks 'username', 'full_name', 'password'" in output
    assert "[users.no-model]" in output
