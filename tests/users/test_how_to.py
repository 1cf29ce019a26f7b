"""The page on users: its files are a project, and what it says of them is so."""

import pytest
from place import Place

USE = """
import asyncio
from config.settings import ProjectSettings
from framework import Project
from framework.auth import Permission, Users
from framework.db import Repository
from people.models import User
from staff.models import Profile
from staff.services import Phones


async def main() -> None:
    project = Project(ProjectSettings())
    async with project.lifespan():
        async with project.scope() as scope:
            users = await scope.get(Users[User])
            user = await users.create(email="ann@example.com", username="ann", password="correct horse", phone="1")
            await (await scope.get(Repository[Profile])).add(Profile(user_id=user.id, about="Me"))
            await (await scope.get(Phones)).change(user.id, "+49 30 1")
        async with project.scope() as scope:
            user = await (await scope.get(Users[User])).authenticate("ann", "correct horse")
            print(type(user).__module__, user.phone)
            found = await (await scope.get(Repository[Permission])).all(name__istartswith="staff.", order="name")
            print(*(permission.name for permission in found), found[-2].description, sep=" ")
            await (await scope.get(Users)).delete(user)
        async with project.scope() as scope:
            print(await (await scope.get(Repository[Profile])).count())


asyncio.run(main())
"""


@pytest.mark.timeout(180)
def test_users_of_ones_own_are_users_like_any(place: Place) -> None:
    output = place.manage("makemigrations", "migrate", "check")
    assert "people/migrations/0001_initial.py" in output
    assert output.index("users.0001_initial... OK") < output.index("auth.0001_initial... OK")
    assert "WARNING" not in output
    assert output.endswith("System check identified no issues (0 silenced).\n")
    assert place.run(USE).splitlines() == [
        "people.models +49 30 1",
        "staff.add_profile staff.change_profile staff.delete_profile staff.publish_profile staff.view_profile "
        "Can publish a profile",
        "0",
    ]
