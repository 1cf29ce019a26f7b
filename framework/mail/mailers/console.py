"""Mails on the console, for development."""

import sys
from typing import TextIO

from framework.mail.mailers.mailer import Mailer
from framework.mail.message import Message

__all__ = ["ConsoleMailer"]

SHOWN = ("From", "To", "Cc", "Reply-To", "Subject")
RULE = "-" * 79


class ConsoleMailer(Mailer):
    """Prints mails the way a reader shows them, not the way they travel: links can be clicked."""

    def __init__(self, *, sender: str = "no-reply@localhost", stream: TextIO | None = None) -> None:
        super().__init__(sender=sender)
        self._stream = stream

    async def deliver(self, message: Message) -> None:
        """Print the message: its text, or its HTML when it has no text."""
        email = message.to_email()
        lines = [f"{name}: {email[name]}" for name in SHOWN if name in email]
        lines += [f"Attached: {file.name} ({file.type}, {len(file.content)} bytes)" for file in message.attachments]
        body = message.text or message.html or ""
        # In one piece, so that two mails at once don't mix.
        stream = self._stream or sys.stdout
        stream.write("\n".join([RULE, *lines, "", body.rstrip(), RULE, ""]))
        stream.flush()
