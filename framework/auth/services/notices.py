"""The mails of accounts: those with a link, and those that tell what happened."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from framework.auth.services.action_tokens import ActionTokens
from framework.auth.settings import AuthSettings
from framework.db import Session
from framework.mail import Message, Outbox, Templates
from framework.project import Project
from framework.services import service
from framework.users import UserBase

__all__ = ["Notices"]

UNITS = ((24 * 3600, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@service
class Notices:
    """Writes mails from the templates `auth/…`, and sends them once the scope's changes are stored, never before."""

    def __init__(
        self,
        project: Project,
        session: Session,
        outbox: Outbox,
        templates: Templates,
        tokens: ActionTokens,
        settings: AuthSettings,
    ) -> None:
        self._project = project
        self._session = session
        self._outbox = outbox
        self._templates = templates
        self._tokens = tokens
        self._links = settings.links

    async def write_link(
        self,
        purpose: str,
        email: str,
        *,
        ttl: int,
        user: UserBase | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Message:
        """Return the mail with a new link for `purpose`."""
        token = await self._tokens.issue(purpose, email, ttl=ttl, user=user, data=data)
        link = self._links.to(purpose, token)
        return self.write(purpose, email, token=token, link=link, validity=duration(ttl))

    def write(self, name: str, email: str, **variables: object) -> Message:
        """Return the mail of a template."""
        return self._templates.message(f"auth/{name}", variables, to=email)

    def send(self, message: Message) -> None:
        """Send a mail after the commit."""
        self._session.on_commit(lambda: self._outbox.post(message))

    def send_later[S](self, type_: type[S], write: Callable[[S], Awaitable[Message | None]]) -> None:
        """Have a service write a mail in the background, after the commit, in a scope of its own.

        Whatever tells whether there is an account goes there: its time is then nobody's but the server's.
        """

        async def draft() -> Message | None:
            async with self._project.scope() as scope:
                return await write(await scope.get(type_))

        self._session.on_commit(lambda: self._outbox.post(draft))


def duration(seconds: int) -> str:
    """Return a time for people, in the largest unit that says it exactly: `1 hour`, `90 minutes`."""
    size, unit = next(pair for pair in UNITS if seconds % pair[0] == 0)
    many = seconds // size
    return f"{many} {unit}{'s' * (many != 1)}"
