"""Mails: written from templates, sent in the background, by SMTP or to where a developer looks. Knows no web."""

from typing import TYPE_CHECKING

from framework.lazy import front_door

if TYPE_CHECKING:
    from framework.mail.mailers import ConsoleMailer, FileMailer, Mailer, MemoryMailer, SmtpMailer
    from framework.mail.message import Attachment, Message
    from framework.mail.outbox import Outbox
    from framework.mail.settings import MailSettings
    from framework.mail.templates import Templates

__all__ = [
    "Attachment",
    "ConsoleMailer",
    "FileMailer",
    "MailSettings",
    "Mailer",
    "MemoryMailer",
    "Message",
    "Outbox",
    "SmtpMailer",
    "Templates",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "mailers": ["ConsoleMailer", "FileMailer", "Mailer", "MemoryMailer", "SmtpMailer"],
        "message": ["Attachment", "Message"],
        "outbox": ["Outbox"],
        "settings": ["MailSettings"],
        "templates": ["Templates"],
    },
)
