"""Where mails go, as a URL says it."""

from pathlib import Path

import pytest

from framework.errors import ImproperlyConfigured
from framework.mail.url import MailURL

ROOT = Path("/srv/site")


def parse(url: str) -> MailURL:
    return MailURL.parse(url, root=ROOT)


def test_a_url_names_the_server_and_who_logs_in() -> None:
    url = parse("smtp://ann:p%40ss@mail.example.com:2525")
    assert (url.host, url.port, url.username, url.password) == ("mail.example.com", 2525, "ann", "p@ss")
    assert "p@ss" not in repr(url)


def test_the_last_at_ends_a_password_that_nobody_escaped() -> None:
    url = parse("smtp://ann:p@ss@host/")
    assert (url.host, url.password) == ("host", "p@ss")


@pytest.mark.parametrize(
    ("written", "port", "encryption"),
    [
        ("smtp://host", 587, "starttls"),
        ("smtps://host", 465, "tls"),
        ("smtp://host:25?starttls=auto", 25, "opportunistic"),
        ("smtp://host?starttls=off", 587, "none"),
        ("smtp://localhost:1025", 1025, "opportunistic"),
        ("smtp://127.0.0.1", 587, "opportunistic"),
        ("smtp://[::1]:25", 25, "opportunistic"),
        ("smtp://localhost?starttls=require", 587, "starttls"),
    ],
)
def test_mails_are_encrypted_unless_the_server_is_here_or_the_url_says_otherwise(
    written: str, port: int, encryption: str
) -> None:
    assert (parse(written).port, parse(written).encryption) == (port, encryption)


def test_files_are_found_from_the_root() -> None:
    assert parse("file:mails").path == ROOT / "mails"
    assert parse("file:///var/mails").path == Path("/var/mails")
    assert parse("smtps://host?ca=ca.pem").ca == ROOT / "ca.pem"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "host",
        "console:x",
        "console",
        "file:",
        "file:///",
        "http://host",
        "smtp:host",
        "smtp://",
        "smtp://ann:hunter2@",
        "smtp://ann:hunter2@host:0",
        "smtp://ann:hunter2@host:99999",
        "smtp://ann:hunter2@host:x",
        "smtp://ann:hunter2@host?tls=off",
        "smtp://ann:hunter2@host?starttls=maybe",
        "smtps://ann:hunter2@host?starttls=off",
    ],
)
def test_what_cannot_be_used_is_said_without_the_password(written: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        parse(written)
    assert caught.value.code == "mail.url"
    assert "hunter2" not in str(caught.value)
