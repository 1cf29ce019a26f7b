"""Mails: written from templates, sent in the background, by SMTP or to where a developer looks. Knows no web."""

from importlib import import_module
from typing import TYPE_CHECKING

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

HOMES = {
    "Attachment": "message",
    "ConsoleMailer": "mailers",
    "FileMailer": "mailers",
    "MailSettings": "settings",
    "Mailer": "mailers",
    "MemoryMailer": "mailers",
    "Message": "message",
    "Outbox": "outbox",
    "SmtpMailer": "mailers",
    "Templates": "templates",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
