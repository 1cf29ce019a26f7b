"""Mails by SMTP, handed to a real server that is well, unwell, slow or gone."""

import asyncio
import logging
import subprocess
import sys
import time
from pathlib import Path

import pytest

from framework.errors import ImproperlyConfigured, Invalid, Unavailable
from framework.mail import Message, SmtpMailer
from framework.mail.url import MailURL
from framework.testing.supervisor import free_port
from tests.mail.conftest import StartServer

MESSAGE = Message(to="ann@example.com", subject="Hello", sender="site@example.com")


def mailer(url: str, *, timeout: float = 5, root: Path = Path("/")) -> SmtpMailer:
    return SmtpMailer(MailURL.parse(url, root=root), sender="site@example.com", timeout=timeout)


async def test_starttls_and_a_login_with_a_password_full_of_signs(start_server: StartServer, certificate: Path) -> None:
    server = await start_server(starttls=True, login=True)
    url = f"smtp://ann:p%40ss%2Fword@127.0.0.1:{server.port}?starttls=require&ca={certificate.name}"
    await mailer(url, root=certificate.parent).send(MESSAGE)
    assert server.encrypted == [True]


async def test_tls_from_the_first_byte(start_server: StartServer, certificate: Path) -> None:
    server = await start_server(tls=True, login=True)
    await mailer(f"smtps://ann:p%40ss%2Fword@127.0.0.1:{server.port}?ca={certificate}").send(MESSAGE)
    assert server.encrypted == [True]


async def test_a_server_on_this_machine_is_encrypted_where_it_can_be(
    start_server: StartServer, certificate: Path
) -> None:
    able, unable = await start_server(starttls=True), await start_server()
    for server in (able, unable):
        await mailer(f"smtp://127.0.0.1:{server.port}?ca={certificate}").send(MESSAGE)
    assert (able.encrypted, unable.encrypted) == ([True], [False])


async def test_no_mail_is_sent_in_the_clear_where_starttls_was_stripped(start_server: StartServer) -> None:
    server = await start_server()
    with pytest.raises(ImproperlyConfigured) as caught:
        await mailer(f"smtp://127.0.0.1:{server.port}?starttls=require").send(MESSAGE)
    assert caught.value.code == "mail.server"
    assert server.mails == []


async def test_no_password_is_sent_where_starttls_was_stripped(start_server: StartServer) -> None:
    server = await start_server(login=True)
    with pytest.raises(ImproperlyConfigured) as caught:
        await mailer(f"smtp://ann:hunter2@127.0.0.1:{server.port}?starttls=require").send(MESSAGE)
    assert caught.value.code == "mail.server"
    assert "STARTTLS" in caught.value.message
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_certificate_that_nobody_trusts_is_refused(start_server: StartServer, scheme: str) -> None:
    server = await start_server(starttls=scheme == "smtp", tls=scheme == "smtps")
    with pytest.raises(ImproperlyConfigured) as caught:
        await mailer(f"{scheme}://127.0.0.1:{server.port}").send(MESSAGE)
    assert caught.value.message == f"The mail server 127.0.0.1:{server.port} has a certificate that is not trusted."
    assert server.mails == []


async def test_a_wrong_password_is_the_settings_fault(start_server: StartServer, certificate: Path) -> None:
    server = await start_server(starttls=True, login=True)
    with pytest.raises(ImproperlyConfigured) as caught:
        await mailer(f"smtp://ann:hunter2@127.0.0.1:{server.port}?ca={certificate}").send(MESSAGE)
    assert caught.value.message == f"The mail server 127.0.0.1:{server.port} refused the login of 'ann'."
    assert "hunter2" not in str(caught.value)


async def test_a_4xx_may_work_later(start_server: StartServer) -> None:
    server = await start_server(replies={"RCPT": ["451 greylisted"]})
    sending = mailer(f"smtp://127.0.0.1:{server.port}")
    with pytest.raises(Unavailable) as caught:
        await sending.send(MESSAGE)
    assert caught.value.code == "mail.unavailable"
    assert "greylisted" not in caught.value.message
    await sending.send(MESSAGE)
    assert len(server.mails) == 1


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
async def test_a_5xx_never_works_for_this_mail(start_server: StartServer, command: str) -> None:
    server = await start_server(replies={command: ["550 no such user"]})
    with pytest.raises(Invalid) as caught:
        await mailer(f"smtp://127.0.0.1:{server.port}").send(MESSAGE)
    assert caught.value.code == "mail.refused"
    assert "550" in str(caught.value.__cause__)


async def test_a_recipient_who_is_refused_keeps_the_mail_from_nobody_else(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = await start_server(replies={"gone@example.com": ["550 gone"]})
    message = Message(to=["ann@example.com", "gone@example.com"], subject="x")
    await mailer(f"smtp://127.0.0.1:{server.port}").send(message)
    assert [envelope.rcpt_tos for envelope in server.envelopes] == [["ann@example.com"]]
    assert "gone@example.com was refused as a recipient: 550 gone" in caplog.text


async def test_when_all_are_refused_one_who_may_be_taken_later_decides(start_server: StartServer) -> None:
    replies = {"a@example.com": ["550 gone"], "b@example.com": ["450 busy"]}
    server = await start_server(replies=replies)
    with pytest.raises(Unavailable):
        await mailer(f"smtp://127.0.0.1:{server.port}").send(
            Message(to=["a@example.com", "b@example.com"], subject="x")
        )


async def test_bcc_is_told_to_the_server_and_to_nobody_else(start_server: StartServer) -> None:
    server = await start_server()
    await mailer(f"smtp://127.0.0.1:{server.port}").send(
        Message(to="a@example.com", bcc="hidden@example.com", subject="x", text="x")
    )
    assert server.envelopes[0].rcpt_tos == ["a@example.com", "hidden@example.com"]
    assert isinstance(content := server.envelopes[0].content, bytes)
    assert b"hidden" not in content


async def test_an_address_beyond_ascii_needs_a_server_that_takes_it(start_server: StartServer) -> None:
    able, unable = await start_server(), await start_server(utf8=False)
    message = Message(to="jörg@bücher.example", subject="x")
    await mailer(f"smtp://127.0.0.1:{able.port}").send(message)
    assert able.envelopes[0].rcpt_tos == ["jörg@xn--bcher-kva.example"]
    with pytest.raises(Invalid) as caught:
        await mailer(f"smtp://127.0.0.1:{unable.port}").send(message)
    assert caught.value.code == "mail.refused"


async def test_a_server_that_is_gone_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await mailer(f"smtp://127.0.0.1:{free_port()}").send(MESSAGE)


async def test_a_slow_server_costs_no_more_than_the_timeout(start_server: StartServer) -> None:
    server = await start_server(hang=asyncio.Event())
    began = time.monotonic()
    with pytest.raises(Unavailable):
        await mailer(f"smtp://127.0.0.1:{server.port}", timeout=0.3).send(MESSAGE)
    assert time.monotonic() - began < 3
    assert server.hang is not None
    server.hang.set()


async def test_a_server_that_never_greets_costs_no_more_than_the_timeout() -> None:
    held: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    with pytest.raises(Unavailable):
        await mailer(f"smtp://127.0.0.1:{silent.sockets[0].getsockname()[1]}", timeout=0.3).send(MESSAGE)
    for writer in held:
        writer.close()
    silent.close()


async def test_a_server_that_drops_the_connection_is_unavailable() -> None:
    def drop(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        writer.close()

    rude = await asyncio.start_server(drop, "127.0.0.1", 0)
    with pytest.raises(Unavailable):
        await mailer(f"smtp://127.0.0.1:{rude.sockets[0].getsockname()[1]}").send(MESSAGE)
    rude.close()


def test_certificates_that_cannot_be_read_are_named_when_the_project_loads(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pem", Path(__file__)):
        with pytest.raises(ImproperlyConfigured) as caught:
            mailer(f"smtps://host?ca={path}")
        assert caught.value.code == "mail.url"
        assert path.name in caught.value.message


WITHOUT = """
import sys
sys.modules["aiosmtplib"] = None
from pathlib import Path
from framework.errors import ImproperlyConfigured
from framework.mail import SmtpMailer
from framework.mail.url import MailURL
try:
    SmtpMailer(MailURL.parse("smtp://host", root=Path("/")), sender="a@example.com")
except ImproperlyConfigured as error:
    print(error)
"""


def test_the_absence_of_the_client_is_one_sentence_with_the_command() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "Mails go by SMTP, and aiosmtplib is not installed.\n  Hint: pip install 'framework[mail]'  [mail.extra]\n"
    )


@pytest.fixture(autouse=True)
def _quiet_server() -> None:
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
