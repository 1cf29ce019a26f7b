"""Mails in a list, for tests."""

from collections import deque

from framework.mail.mailers.mailer import Mailer
from framework.mail.message import Message

__all__ = ["MemoryMailer"]


class MemoryMailer(Mailer):
    """Keeps mails in this process: `mailer.sent`, the oldest first. Beyond `limit` the oldest go."""

    def __init__(self, *, sender: str = "no-reply@localhost", limit: int = 1000) -> None:
        super().__init__(sender=sender)
        self.sent: deque[Message] = deque(maxlen=limit)

    async def deliver(self, message: Message) -> None:
        """Keep the message. One that could not be written as a mail fails here as it would anywhere."""
        message.to_email().as_bytes()
        self.sent.append(message)
