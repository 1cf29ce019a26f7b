"""What mails find wrong with a project."""

from collections.abc import Iterator

from framework.checks import Level, Message, check
from framework.mail.addresses import parse_address
from framework.mail.settings import MailSettings
from framework.mail.url import MailURL
from framework.project import Project


@check(tags=("mail",), deploy=True)
def mails_leave_the_machine(project: Project) -> Iterator[Message]:
    """Find a deployment whose mails nobody gets, or that come from nowhere."""
    settings = project.settings.section(MailSettings)
    kind = MailURL.parse(settings.url, root=project.settings.root).kind
    if kind in ("console", "memory"):
        yield Message(
            Level.WARNING,
            f"mail.url is {settings.url!r}: no mail leaves the machine.",
            hint="Name a server: MAIL_URL=smtp://user:password@smtp.example.com:587",
            code="mail.nowhere",
            where="settings.mail.url",
        )
    if parse_address(settings.sender, "sender").domain == "localhost":
        yield Message(
            Level.WARNING,
            f"mail.sender is {settings.sender!r}: servers refuse mails from there.",
            hint='Name an address of your own: MAIL__SENDER="Example <no-reply@example.com>"',
            code="mail.sender",
            where="settings.mail.sender",
        )
