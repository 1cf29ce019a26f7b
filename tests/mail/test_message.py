"""A mail: what its headers say, and what it refuses."""

from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from framework.errors import Invalid
from framework.mail import Attachment, Message


def message(**fields: Any) -> Message:
    return Message(**{"to": "ann@example.com", "subject": "Hello", "sender": "Site <no-reply@example.com>", **fields})


def read(made: Message) -> Any:
    return message_from_bytes(made.to_email().as_bytes(), policy=default)


def test_text_and_html_are_alternatives_of_one_mail() -> None:
    email = read(message(text="Grüße ☃", html="<p>Grüße</p>"))
    assert [part.get_content_type() for part in email.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert email.get_body(("plain",)).get_content() == "Grüße ☃\r\n"
    assert email.get_body(("html",)).get_content() == "<p>Grüße</p>\r\n"


def test_html_alone_and_text_alone_stand_for_themselves() -> None:
    assert read(message(html="<p>x</p>")).get_content_type() == "text/html"
    assert read(message(text="x")).get_content_type() == "text/plain"
    assert read(message()).get_content_type() == "text/plain"


def test_attachments_keep_their_name_type_and_bytes() -> None:
    email = read(message(text="x", attachments=(Attachment("Rechnung März.pdf", b"\x00\xff", "application/pdf"),)))
    (file,) = email.iter_attachments()
    found = (file.get_filename(), file.get_content_type(), file.get_content())
    assert found == ("Rechnung März.pdf", "application/pdf", b"\x00\xff")


def test_headers_say_who_when_and_which() -> None:
    made = message(to=["ann@example.com", "Bö <b@example.com>"], cc="c@example.com", reply_to="help@example.com")
    email = read(made)
    assert email["To"] == "ann@example.com, Bö <b@example.com>"
    assert (email["Cc"], email["Reply-To"]) == ("c@example.com", "help@example.com")
    assert email["Date"].datetime == made.date.replace(microsecond=0)
    assert email["Message-ID"] == f"<{made.id}@example.com>"
    assert read(message(headers={"List-Unsubscribe": "<https://x>"}))["List-Unsubscribe"] == "<https://x>"


def test_bcc_is_a_recipient_and_no_header() -> None:
    made = message(to=iter(["a@example.com", "b@example.com"]), bcc="secret@example.com", cc="a@example.com")
    assert made.recipients == ["a@example.com", "b@example.com", "secret@example.com"]
    assert b"secret" not in made.to_email().as_bytes()


def test_a_domain_travels_in_ascii() -> None:
    made = message(to="Ann <ann@bücher.example>", sender="x@bücher.example")
    assert made.recipients == ["ann@xn--bcher-kva.example"]
    assert read(made)["To"] == "Ann <ann@xn--bcher-kva.example>"
    assert read(made)["Message-ID"] == f"<{made.id}@xn--bcher-kva.example>"


BREAKS = ["\r\nBcc: evil@example.com", "\nBcc: evil@example.com", "\rBcc: evil@example.com", "\x00", "\u2028x", "\x85x"]


@pytest.mark.parametrize("end", BREAKS, ids=ascii)
@pytest.mark.parametrize("name", ["subject", "to", "cc", "bcc", "reply_to", "sender"])
def test_a_line_break_in_any_header_is_refused_at_once(name: str, end: str) -> None:
    value = "Hello" if name == "subject" else "ann@example.com"
    with pytest.raises(Invalid) as caught:
        message(**{name: value + end})
    assert caught.value.code == "mail.header"
    assert list(caught.value.fields) == [name]


@pytest.mark.parametrize("end", BREAKS, ids=ascii)
def test_a_line_break_in_a_name_a_header_or_a_file_is_refused(end: str) -> None:
    for fields in ({"headers": {"X-A": f"b{end}"}}, {"headers": {f"X-A{end}": "b"}}, {"to": f"Ann{end} <a@b.example>"}):
        with pytest.raises(Invalid):
            message(**fields)
    with pytest.raises(Invalid):
        Attachment(f"a{end}.txt", b"")
    with pytest.raises(Invalid):
        Attachment("a.txt", b"", f"text/plain{end}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "ann@",
        "@example.com",
        "ann@example.com, evil@example.com",
        "Ann <ann@example.com>, <evil@example.com>",
        "<evil@example.com> <ann@example.com>",
        '"ann evil"@example.com',
        "ann@[127.0.0.1]",
        "ann@exa mple.com",
        "ann@example..com",
        "ann@" + "a" * 64 + ".com",
        "a" * 65 + "@example.com",
        "ann@example.com> SIZE=1",
    ],
)
def test_what_is_not_exactly_one_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        message(to=text)
    assert caught.value.code == "mail.address"
    assert list(caught.value.fields) == ["to"]


def test_a_mail_to_nobody_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        message(to=())
    assert caught.value.fields == {"to": "There is nobody to send it to."}


@pytest.mark.parametrize("name", ["From", "bcc", "Content-Type", "message-id", "X A", "X:A", ""])
def test_headers_that_the_mail_writes_itself_and_no_names_are_refused(name: str) -> None:
    with pytest.raises(Invalid):
        message(headers={name: "x"})


def test_no_line_is_too_long_for_a_server() -> None:
    subject, long = "ß" * 900, "word " * 2000
    raw = message(subject=subject, text=long, html=f"<p>{long}</p>").to_email().as_bytes()
    assert max(map(len, raw.split(b"\r\n"))) < 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert message_from_bytes(raw, policy=default)["Subject"] == subject
