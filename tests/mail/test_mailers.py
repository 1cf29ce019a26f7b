"""The mailers: one contract for all, and what each does of its own."""

import io
import os
import stat
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from framework.errors import Unavailable
from framework.mail import Attachment, ConsoleMailer, FileMailer, MemoryMailer, Message, SmtpMailer
from framework.mail.url import MailURL
from framework.testing.contracts import MailerContract
from framework.testing.mailer_contract import Arrived
from tests.mail.conftest import Server, StartServer


class TestMemoryMailer(MailerContract):
    @pytest.fixture
    def mailer(self) -> MemoryMailer:
        return MemoryMailer(sender=self.SENDER)

    @pytest.fixture
    def arrived(self, mailer: MemoryMailer) -> Arrived:
        return lambda: [message.to_email() for message in mailer.sent]


class TestFileMailer(MailerContract):
    @pytest.fixture
    def mailer(self, tmp_path: Path) -> FileMailer:
        return FileMailer(tmp_path / "mails", sender=self.SENDER)

    @pytest.fixture
    def arrived(self, tmp_path: Path) -> Arrived:
        def read() -> list[EmailMessage]:
            paths = sorted((tmp_path / "mails").glob("*.eml"))
            return [message_from_bytes(path.read_bytes(), policy=default) for path in paths]

        return read


class TestSmtpMailer(MailerContract):
    @pytest.fixture
    async def server(self, start_server: StartServer) -> Server:
        return await start_server()

    @pytest.fixture
    def mailer(self, server: Server) -> SmtpMailer:
        return SmtpMailer(MailURL.parse(f"smtp://127.0.0.1:{server.port}", root=Path("/")), sender=self.SENDER)

    @pytest.fixture
    def arrived(self, server: Server) -> Arrived:
        return lambda: server.mails


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
