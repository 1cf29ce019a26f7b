"""The outbox: mails in the background, tried again where that helps, and the end of the project."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from framework.errors import FrameworkError, ImproperlyConfigured, Invalid, Unavailable
from framework.mail import Mailer, MailSettings, MemoryMailer, Message, Outbox, SmtpMailer
from framework.mail.url import MailURL
from tests.mail.conftest import StartServer


class Moody(MemoryMailer):
    """Raises what it is told to, in order, then takes mails."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)
        self.attempts = 0
        self.tried, self.took = asyncio.Event(), asyncio.Event()

    async def deliver(self, message: Message) -> None:
        self.attempts += 1
        self.tried.set()
        if self.errors:
            raise self.errors.pop(0)
        await super().deliver(message)
        self.took.set()


class Stuck(MemoryMailer):
    """Takes mails once it is let go, and knows how many wait at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.busy, self.free = asyncio.Event(), asyncio.Event()
        self.at_once = self.most = 0

    async def deliver(self, message: Message) -> None:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.busy.set()
        try:
            await self.free.wait()
            await super().deliver(message)
        finally:
            self.at_once -= 1


def mail(subject: str = "x") -> Message:
    return Message(to="ann@example.com", subject=subject, text="a secret link")


@pytest.fixture
async def open_outbox() -> AsyncGenerator[Callable[..., Outbox]]:
    async with AsyncExitStack() as stack:

        def open_(mailer: Mailer, **settings: Any) -> Outbox:
            outbox = Outbox(MailSettings(**{"backoff": 0.01, "drain": 0, **settings}))
            outbox.open(mailer)
            stack.push_async_callback(outbox.close)
            return outbox

        yield open_


async def test_posting_returns_at_once_and_the_mail_is_sent_meanwhile(open_outbox: Callable[..., Outbox]) -> None:
    mailer = Stuck()
    outbox = open_outbox(mailer)
    outbox.post(mail())
    assert len(mailer.sent) == 0
    mailer.free.set()
    await outbox.drain()
    assert len(mailer.sent) == 1


async def test_what_may_work_later_is_tried_again(
    open_outbox: Callable[..., Outbox], caplog: pytest.LogCaptureFixture
) -> None:
    mailer = Moody(Unavailable("mail"), Unavailable("mail"))
    outbox = open_outbox(mailer)
    outbox.post(mail())
    await outbox.drain()
    assert (len(mailer.sent), mailer.attempts) == (1, 3)
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2


async def test_a_mail_that_never_works_is_given_up_with_one_error(
    open_outbox: Callable[..., Outbox], caplog: pytest.LogCaptureFixture
) -> None:
    mailer = Moody(*[Unavailable("mail")] * 9)
    outbox = open_outbox(mailer, attempts=3)
    outbox.post(mail())
    await outbox.drain()
    assert mailer.attempts == 3
    (error,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "was given up" in error.getMessage()


@pytest.mark.parametrize(
    "error",
    [Invalid("mail", code="mail.refused"), ImproperlyConfigured("No.", code="mail.server"), RuntimeError("bug")],
    ids=lambda error: type(error).__name__,
)
async def test_what_never_works_is_tried_once_and_logged_once(
    open_outbox: Callable[..., Outbox], caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    mailer = Moody(error)
    outbox = open_outbox(mailer)
    outbox.post(mail())
    await outbox.drain()
    assert mailer.attempts == 1
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "ann@example.com" in record.getMessage()
    assert "secret" not in caplog.text


async def test_one_mail_that_pauses_keeps_no_other_back(open_outbox: Callable[..., Outbox]) -> None:
    mailer = Moody(Unavailable("mail"))
    outbox = open_outbox(mailer, connections=1, backoff=60)
    outbox.post(mail("first"))
    outbox.post(mail("second"))
    await asyncio.wait_for(mailer.took.wait(), 5)
    assert [message.subject for message in mailer.sent] == ["second"]


async def test_no_more_mails_are_handed_over_at_once_than_the_settings_allow(
    open_outbox: Callable[..., Outbox],
) -> None:
    mailer = Stuck()
    outbox = open_outbox(mailer, connections=2)
    for _ in range(10):
        outbox.post(mail())
    await mailer.busy.wait()
    mailer.free.set()
    await outbox.drain()
    assert (mailer.most, len(mailer.sent)) == (2, 10)


async def test_one_mail_too_many_is_refused(open_outbox: Callable[..., Outbox]) -> None:
    mailer = Stuck()
    outbox = open_outbox(mailer, queue=2)
    outbox.post(mail())
    outbox.post(mail())
    with pytest.raises(Unavailable) as caught:
        outbox.post(mail())
    assert caught.value.code == "mail.full"
    mailer.free.set()
    await outbox.drain()
    outbox.post(mail())


async def test_a_draft_is_written_in_the_background_and_may_turn_out_to_be_no_mail(
    open_outbox: Callable[..., Outbox], caplog: pytest.LogCaptureFixture
) -> None:
    mailer = MemoryMailer()
    outbox = open_outbox(mailer)
    begun: list[str] = []

    def draft(name: str, written: Message | Exception | None) -> Callable[[], Any]:
        async def write() -> Message | None:
            begun.append(name)
            if isinstance(written, Exception):
                raise written
            return written

        return write

    outbox.post(draft("mail", mail("written")))
    outbox.post(draft("none", None))
    outbox.post(draft("broken", RuntimeError("bug")))
    assert begun == []
    await outbox.drain()
    assert begun == ["mail", "none", "broken"]
    assert [message.subject for message in mailer.sent] == ["written"]
    assert [record.getMessage() for record in caplog.records] == ["A mail could not be written."]


async def test_a_mail_posted_while_nothing_runs_is_a_mistake() -> None:
    with pytest.raises(FrameworkError) as caught:
        Outbox(MailSettings()).post(mail())
    assert caught.value.code == "mail.closed"


async def test_the_end_waits_for_mails_under_way_and_tries_those_that_pause_once_more(
    open_outbox: Callable[..., Outbox],
) -> None:
    mailer = Moody(Unavailable("mail"))
    outbox = open_outbox(mailer, backoff=3600, drain=5)
    outbox.post(mail())
    await mailer.tried.wait()
    await outbox.close()
    assert len(mailer.sent) == 1


async def test_the_end_comes_in_time_and_says_what_was_not_sent(
    open_outbox: Callable[..., Outbox], caplog: pytest.LogCaptureFixture
) -> None:
    outbox = open_outbox(Stuck(), drain=0.05)
    outbox.post(mail())
    outbox.post(mail())
    async with asyncio.timeout(5):
        await outbox.close()
    assert "2 mails were not sent before the project stopped." in caplog.text


async def test_a_real_server_that_is_busy_gets_the_mail_later(
    open_outbox: Callable[..., Outbox], start_server: StartServer
) -> None:
    server = await start_server(replies={"RCPT": ["451 later"], "DATA": ["452 full"]})
    url = MailURL.parse(f"smtp://127.0.0.1:{server.port}", root=Path("/"))
    outbox = open_outbox(SmtpMailer(url, sender="site@example.com"))
    message = mail()
    outbox.post(message)
    await outbox.drain()
    assert [email["Message-ID"] for email in server.mails] == [f"<{message.id}@example.com>"]
