"""Mails sent in the background, so that the time of an answer tells nothing about them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from framework.errors import FrameworkError, Unavailable
from framework.mail.mailers import Mailer
from framework.mail.message import Message
from framework.mail.settings import MailSettings

__all__ = ["Outbox"]

log = logging.getLogger("framework.mail")

type Draft = Callable[[], Awaitable[Message | None]]
"""Writes a mail, or finds that there is none to send."""


class Outbox:
    """The mails of a project that are on their way. They are kept in memory: a process that is killed loses them.

    A mail that the server may take later is tried again, after pauses that double; every other failure is final.
    Nobody waits for a mail, so a final failure is one error in the log.
    """

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._mailer: Mailer | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def post(self, message: Message | Draft) -> None:
        """Take `message` and return at once. After a commit: `session.on_commit(lambda: outbox.post(message))`.

        A coroutine function in its place is called in the background and returns the message, or `None`: whether there
        is one to send is then not told by the time of the caller's answer either. It opens a scope of its own.
        Raises `Unavailable` (`mail.full`) when too many mails wait, and needs the project's running loop.
        """
        if self._mailer is None:
            raise FrameworkError(
                "A mail was posted while the project does not run.",
                hint="Post it within `async with project.lifespan():`, as routes, commands and tests do.",
                code="mail.closed",
            )
        if len(self._under_way) >= self._settings.queue:
            raise Unavailable("mail", retry_after=self._settings.backoff, code="mail.full")
        task = asyncio.create_task(self._work(message, self._mailer))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def drain(self) -> None:
        """Wait until every mail that was posted so far is sent or given up."""
        if self._under_way:
            await asyncio.wait(set(self._under_way))

    def open(self, mailer: Mailer) -> None:
        """Take mails from now on, and send them by `mailer`."""
        # Here, as they belong to the loop: a project may be run once more on another.
        self._slots = asyncio.Semaphore(self._settings.connections)
        self._stopping = asyncio.Event()
        self._mailer = mailer

    async def close(self) -> None:
        """Take no more mails; try those that pause once more at once; give up what is left after `drain` seconds."""
        self._mailer = None
        self._stopping.set()
        if not self._under_way:
            return
        _, left = await asyncio.wait(set(self._under_way), timeout=self._settings.drain)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
            log.error("%d mails were not sent before the project stopped.", len(left))

    async def _work(self, message: Message | Draft, mailer: Mailer) -> None:
        if callable(message):
            try:
                written = await message()
            except Exception:
                log.exception("A mail could not be written.")
                return
        else:
            written = message
        if written is not None:
            await self._send(written, mailer)

    async def _send(self, message: Message, mailer: Mailer) -> None:
        pause = self._settings.backoff
        for attempt in range(1, self._settings.attempts + 1):
            is_last = attempt == self._settings.attempts or self._stopping.is_set()
            if await self._try(message, mailer, is_last=is_last) or is_last:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause *= 2

    async def _try(self, message: Message, mailer: Mailer, *, is_last: bool) -> bool:
        """Try to hand the mail over; return whether that is settled, one way or the other."""
        try:
            async with self._slots:
                await mailer.send(message)
        except Unavailable as error:
            if is_last:
                log.error("Mail %s was given up: %s", described(message), reason(error))
            else:
                log.warning("Mail %s has to wait: %s", described(message), reason(error))
            return False
        except FrameworkError as error:
            log.error("Mail %s was not sent: %s", described(message), reason(error))
        except Exception:
            log.exception("Mail %s was not sent.", described(message))
        return True


def described(message: Message) -> str:
    """Return the mail for a log: its id and whom it is for, and nothing that it says."""
    return f"{message.id} to {', '.join(message.recipients)}"


def reason(error: FrameworkError) -> str:
    """Return what went wrong, with the server's own words."""
    return f"{error.message} [{error.code}]" + (f" {error.__cause__!r}" if error.__cause__ else "")
