"""The mailers: one contract for all, and what each does of its own."""

import io
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import StartServer

from framework.errors import Unavailable
from framework.mail import Attachment, ConsoleMailer, FileMailer, Mailer, MemoryMailer, Message, SmtpMailer
from framework.mail.url import MailURL


@dataclass
class Case:
    """A mailer, and how to read what it was given."""

    mailer: Mailer
    read: Callable[[], list[EmailMessage]]


def read_files(folder: Path) -> list[EmailMessage]:
    return [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(folder.glob("*.eml"))]


@pytest.fixture(params=["memory", "file", "smtp"])
async def case(request: pytest.FixtureRequest, tmp_path: Path, start_server: StartServer) -> Case:
    sender = "Site <no-reply@example.com>"
    if request.param == "memory":
        mailer = MemoryMailer(sender=sender)
        return Case(mailer, lambda: [message.to_email() for message in mailer.sent])
    if request.param == "file":
        return Case(FileMailer(tmp_path / "mails", sender=sender), lambda: read_files(tmp_path / "mails"))
    server = await start_server()
    url = MailURL.parse(f"smtp://127.0.0.1:{server.port}", root=tmp_path)
    return Case(SmtpMailer(url, sender=sender), lambda: server.mails)


def text_of(email: EmailMessage) -> str:
    body = cast("Any", email.get_body(("plain",)))
    return body.get_content().replace("\r\n", "\n")


async def test_a_mail_arrives_as_it_was_written(case: Case) -> None:
    text = "Grüße\n.\n..\nEnde ☃\n"
    attachment = Attachment("a.bin", bytes(range(256)))
    message = Message(
        to="Ann <ann@example.com>", subject="Grüße", text=text, html="<p>☃</p>", attachments=(attachment,)
    )
    await case.mailer.send(message)
    (email,) = case.read()
    assert (email["To"], email["Subject"]) == ("Ann <ann@example.com>", "Grüße")
    assert text_of(email) == text
    assert [part.get_content() for part in email.iter_attachments()] == [bytes(range(256))]


async def test_a_mail_without_a_sender_is_from_the_mailers(case: Case) -> None:
    await case.mailer.send(Message(to="a@example.com", subject="1"))
    await case.mailer.send(Message(to="a@example.com", subject="2", sender="b@example.org"))
    assert [email["From"] for email in case.read()] == ["Site <no-reply@example.com>", "b@example.org"]


async def test_sending_a_message_again_keeps_its_id_and_date(case: Case) -> None:
    message = Message(to="a@example.com", subject="1")
    await case.mailer.send(message)
    first = {(email["Message-ID"], email["Date"]) for email in case.read()}
    await case.mailer.send(message)
    assert {(email["Message-ID"], email["Date"]) for email in case.read()} == first


async def test_a_mailer_that_was_closed_opens_anew(case: Case) -> None:
    await case.mailer.close()
    await case.mailer.send(Message(to="a@example.com", subject="1"))
    assert len(case.read()) == 1


async def test_the_console_shows_what_a_reader_would(capsys: pytest.CaptureFixture[str]) -> None:
    link = "https://example.com/verify?token=" + "a" * 90
    message = Message(to="ann@example.com", subject="Grüße", text=f"Click ☃:\n{link}\n", html="<p>no</p>")
    await ConsoleMailer().send(message)
    shown = capsys.readouterr().out
    assert "To: ann@example.com\nSubject: Grüße\n" in shown
    assert f"\n{link}\n" in shown
    assert "<p>" not in shown


async def test_the_console_shows_html_where_there_is_no_text_and_names_files() -> None:
    stream = io.StringIO()
    message = Message(to="a@example.com", subject="x", html="<p>hi</p>", attachments=(Attachment("a.txt", b"123"),))
    await ConsoleMailer(stream=stream).send(message)
    assert "<p>hi</p>" in stream.getvalue()
    assert "Attached: a.txt (application/octet-stream, 3 bytes)" in stream.getvalue()


async def test_a_mail_in_a_file_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    await FileMailer(tmp_path / "mails").send(Message(to="a@example.com", subject="x"))
    (path,) = (tmp_path / "mails").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "mails").write_text("a file")
    with pytest.raises(Unavailable) as caught:
        await FileMailer(tmp_path / "mails").send(Message(to="a@example.com", subject="x"))
    assert caught.value.code == "mail.unavailable"
    assert os.listdir(tmp_path) == ["mails"]


async def test_memory_forgets_the_oldest_mails() -> None:
    mailer = MemoryMailer(limit=2)
    for number in range(3):
        await mailer.send(Message(to="a@example.com", subject=str(number)))
    assert [message.subject for message in mailer.sent] == ["1", "2"]
