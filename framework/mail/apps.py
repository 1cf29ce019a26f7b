"""Mails as an app: who takes them, the outbox that sends them, the templates they are written from."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from framework.apps import AppConfig
from framework.mail.settings import MailSettings
from framework.mail.url import MailURL
from framework.project import Project

if TYPE_CHECKING:
    from framework.mail.mailers import Mailer


class MailConfig(AppConfig):
    """Mails: to the console, or to a server when `MAIL_URL` names one."""

    name = "framework.mail"

    def ready(self, project: Project) -> None:
        """Provide `Mailer`, `Outbox` and `Templates`."""
        # Not above: settings files import this package, and `apps.py` is read to find its label.
        from framework.mail.mailers import Mailer
        from framework.mail.outbox import Outbox
        from framework.mail.templates import Templates

        settings = project.settings.section(MailSettings)
        self.mailer = mailer_of(settings, project)
        project.services.value(Mailer, self.mailer)
        project.services.value(Outbox, Outbox(settings))
        project.services.value(Templates, Templates(project))

    @asynccontextmanager
    async def lifespan(self, project: Project) -> AsyncGenerator[None]:
        """Open the outbox; at the end send what it holds, for a while, and close the mailer."""
        from framework.mail.mailers import Mailer
        from framework.mail.outbox import Outbox

        async with project.scope() as scope:
            outbox = await scope.get(Outbox)
            outbox.open(await scope.get(Mailer))  # the one that a test or a setting may have put in its place
        try:
            yield
        finally:
            await outbox.close()
            await self.mailer.close()


def mailer_of(settings: MailSettings, project: Project) -> "Mailer":
    """Return the mailer that the settings name."""
    from framework.mail.mailers import ConsoleMailer, FileMailer, MemoryMailer, SmtpMailer

    url = MailURL.parse(settings.url, root=project.settings.root)
    match url.kind:
        case "console":
            return ConsoleMailer(sender=settings.sender)
        case "memory":
            return MemoryMailer(sender=settings.sender)
        case "file":
            return FileMailer(url.path, sender=settings.sender)
        case "smtp":
            return SmtpMailer(url, sender=settings.sender, timeout=settings.timeout)
