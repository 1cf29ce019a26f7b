"""What tests of accounts share: calls in scopes of their own, and the tokens in mails."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from framework import Project
from framework.auth import AuthSettings, Client, SecurityEvent, Users, current_client
from framework.auth.settings import LinkSettings, PasswordSettings, RegistrationSettings
from framework.db import ReadSession, col, select
from framework.mail import Message
from framework.users import UserBase

PASSWORD = "correct horse battery"
OTHER = "staple after staple"


def settings(**registration: Any) -> AuthSettings:
    """Settings with open registration, unless told otherwise, and pages for links."""
    return AuthSettings(
        passwords=PasswordSettings(bcrypt_cost=4),
        registration=RegistrationSettings(**{"mode": "open", **registration}),
        links=LinkSettings(site="https://app.example.com"),
    )


async def ask[S, T](project: Project, type_: type[S], work: Callable[[S], Awaitable[T]]) -> T:
    """Do something by a service, in a unit of work of its own."""
    async with project.scope() as scope:
        return await work(await scope.get(type_))


async def make_user(project: Project, email: str = "ann@example.com", password: str | None = PASSWORD) -> UserBase:
    """Store a user."""
    return await ask(project, Users, lambda users: users.create(email=email, password=password))


async def read_user(project: Project, email: str = "ann@example.com") -> UserBase:
    """Return a user as the database has them."""
    found = await ask(project, Users, lambda users: users.find(email))
    assert found is not None
    return found


def token_of(mail: Message) -> str:
    """Return the token in a mail's link."""
    found = re.search(r"https://app\.example\.com/[\w-]+\?\w+=([\w-]{43})$", mail.text, re.M)
    assert found, mail.text
    return found[1]


async def kinds(project: Project) -> list[str]:
    """Return the kinds of the security events, in order."""

    async def read(session: ReadSession) -> list[str]:
        return list(await session.exec(select(SecurityEvent.kind).order_by(col(SecurityEvent.id))))

    return await ask(project, ReadSession, read)


class From:
    """What happens in the block comes from a client's address: `with From("203.0.113.7"):`."""

    def __init__(self, address: str) -> None:
        self._client = Client(address, "Test/1.0")

    def __enter__(self) -> None:
        self._token = current_client.set(self._client)

    def __exit__(self, *_: object) -> None:
        current_client.reset(self._token)
