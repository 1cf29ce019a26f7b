"""What a mailer is."""

from abc import ABC, abstractmethod
from dataclasses import replace

from framework.mail.message import Message

__all__ = ["Mailer"]


class Mailer(ABC):
    """Hands mails over, one at a time. A backend writes `deliver`; callers use `send`.

    What goes wrong is told apart by whether trying again helps: `Unavailable` (`mail.unavailable`) may work later,
    `Invalid` (`mail.refused`) never for this mail, `ImproperlyConfigured` for none until the settings change.
    """

    def __init__(self, *, sender: str) -> None:
        self.sender = sender
        """Whom mails are from that don't say."""

    async def send(self, message: Message) -> None:
        """Hand `message` over, and return when whoever takes it has answered for it."""
        await self.deliver(message if message.sender else replace(message, sender=self.sender))

    @abstractmethod
    async def deliver(self, message: Message) -> None:
        """Hand over a message that has a sender. It counts as sent when it reached any of its recipients."""

    async def close(self) -> None:  # noqa: B027 - most hold nothing
        """Give back what the mailer holds. One that is used again opens anew."""
