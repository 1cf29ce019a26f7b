"""Mails as files, for development and for machines that hand them on."""

import asyncio
import os
from pathlib import Path

from framework.errors import Unavailable
from framework.mail.mailers.mailer import Mailer
from framework.mail.message import Message

__all__ = ["FileMailer"]


class FileMailer(Mailer):
    """Writes each mail into a folder, as an `.eml` file that mail programs open. Names sort by time."""

    def __init__(self, folder: Path, *, sender: str = "no-reply@localhost") -> None:
        super().__init__(sender=sender)
        self._folder = folder

    async def deliver(self, message: Message) -> None:
        """Write the message. The file is there as a whole or not at all, and only its owner may read it."""
        name = f"{message.date:%Y%m%d-%H%M%S-%f}-{message.id}.eml"
        try:
            await asyncio.to_thread(_write, self._folder, name, message.to_email().as_bytes())
        except OSError as error:
            raise Unavailable("mail", code="mail.unavailable") from error


def _write(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = folder / f".{name}"
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    unfinished.replace(folder / name)
