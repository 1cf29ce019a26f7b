"""Who takes mails: one file a mailer."""

from framework.mail.mailers.console import ConsoleMailer
from framework.mail.mailers.file import FileMailer
from framework.mail.mailers.mailer import Mailer
from framework.mail.mailers.memory import MemoryMailer
from framework.mail.mailers.smtp import SmtpMailer

__all__ = ["ConsoleMailer", "FileMailer", "Mailer", "MemoryMailer", "SmtpMailer"]
