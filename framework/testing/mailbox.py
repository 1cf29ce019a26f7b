"""The mails that a project of a test sends: kept in memory, and read there."""

from typing import TYPE_CHECKING

from framework.errors import FrameworkError

if TYPE_CHECKING:
    from framework.mail import Message
    from framework.project import Project

__all__ = ["Mailbox", "keep_mails"]


class Mailbox:
    """What the fixture `mailbox` is: the mails of the running project."""

    def __init__(self, project: "Project") -> None:
        self._project = project

    async def read(self) -> "list[Message]":
        """Return the mails that were sent since the last call, the oldest first. Those on their way are waited for."""
        from framework.mail import Mailer, MemoryMailer, Outbox

        async with self._project.scope() as scope:
            await (await scope.get(Outbox)).drain()
            mailer = await scope.get(Mailer)
        if not isinstance(mailer, MemoryMailer):
            raise FrameworkError(
                f"The project of this test sends its mails by {type(mailer).__name__}; wanted MemoryMailer.",
                hint='Leave MailSettings out of project_with(), or write MailSettings(url="memory:").',
                code="testing.mailbox",
            )
        mails = list(mailer.sent)
        mailer.sent.clear()
        return mails


def keep_mails(project: "Project") -> None:
    """Let a project send its mails into memory, whatever its settings say: no test sends one to anybody."""
    from framework.mail import Mailer, MailSettings, MemoryMailer

    sender = project.settings.section(MailSettings).sender
    project.services.value(Mailer, MemoryMailer(sender=sender))
