"""Users of a project's own, as mypy and pyright see them. Run by the checkers only."""

from typing import assert_type

from framework.auth import Audit, Passwords, Users
from framework.db import Field
from framework.services import Inject, Scope, service
from framework.users import UserBase


class User(UserBase, table=True):
    """A user of the project's own."""

    phone: str = Field(default="", max_length=20)


@service
class Phones:
    """Asks for the users by the project's class, and by none."""

    def __init__(self, users: Users[User], anybody: Users, passwords: Passwords, audit: Audit) -> None:
        self.users = users
        self.anybody = anybody

    async def use(self) -> None:
        """Get the class that was asked for."""
        assert_type(await self.users.get(1), User)
        assert_type(await self.users.find("x"), User | None)
        assert_type((await self.users.authenticate("x", "y")).phone, str)
        assert_type(await self.users.create(email="x", phone="1"), User)
        assert_type(await self.anybody.get(1), UserBase)


async def command(users: Inject[Users[User]], scope: Scope) -> None:
    """Ask for them in a command, and in a scope."""
    assert_type(await users.get(1), User)
    found = await scope.get(Users[User])
    assert_type(found, Users[User])
