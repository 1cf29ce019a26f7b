"""Mails from templates: where they are found, and what a person's name cannot do in them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from framework import Project, Settings
from framework.errors import ImproperlyConfigured
from framework.mail import Message, Templates

type Write = Callable[..., Message]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a mail as a project whose folder is `tmp_path` would."""
    apps = ("framework.mail", "postcards")
    made = Project(Settings(_root=tmp_path, _environ={}, _env_file=None, _secrets_dir=None, installed_apps=apps))
    templates = Templates(made)

    def write(name: str, /, **variables: object) -> Message:
        return templates.message(name, variables, to="ann@example.com")

    return write


def test_a_mail_has_the_subject_text_and_html_of_its_template(write: Write) -> None:
    message = write("postcards/greeting", name="Ann", link="https://x/?a=1&b=2")
    assert message.subject == "Greetings, Ann"
    assert message.text == "Dear Ann,\n\nWish you were here: https://x/?a=1&b=2\n\nYours, the post office\n"
    assert message.html == '<p>Dear Ann, <a href="https://x/?a=1&amp;b=2">wish you were here</a>.</p>'


def test_a_mail_without_html_is_text_alone(write: Write) -> None:
    assert write("postcards/plain").html is None


def test_the_project_overrides_a_template_of_an_app(write: Write, tmp_path: Path) -> None:
    (tmp_path / "templates" / "postcards").mkdir(parents=True)
    (tmp_path / "templates" / "postcards" / "plain.txt").write_text('{% set subject = "Ours" %}\nOurs.\n')
    assert (write("postcards/plain").subject, write("postcards/plain").text) == ("Ours", "Ours.\n")


def test_html_is_escaped_and_text_is_not(write: Write) -> None:
    message = write("postcards/greeting", name="<script>alert(1)</script> & Co", link="x")
    assert message.subject == "Greetings, <script>alert(1)</script> & Co"
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co" in (message.html or "")


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x85"], ids=ascii)
def test_a_line_break_in_a_name_adds_no_header(write: Write, break_: str) -> None:
    message = write("postcards/greeting", name=f"Ann{break_}Bcc: evil@example.com", link="x")
    assert message.subject == "Greetings, Ann Bcc: evil@example.com"
    email = Message(to="a@example.com", sender="b@example.com", subject=message.subject).to_email()
    assert "Bcc" not in email


def test_a_name_is_no_template(write: Write) -> None:
    assert write("postcards/greeting", name="{{ 7 * 7 }}", link="x").subject == "Greetings, {{ 7 * 7 }}"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("postcards/greeting", "cannot be written: 'link' is undefined"),
        ("postcards/silent", "sets no subject"),
        ("postcards/nothing", "has no 'postcards/nothing.txt' in "),
        ("../../etc/passwd", "has no '../../etc/passwd.txt' in "),
    ],
)
def test_a_template_that_cannot_be_used_is_said(write: Write, name: str, found: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        write(name, name="Ann")
    assert caught.value.code == "mail.template"
    assert found in caught.value.message


def test_a_mistake_in_a_template_is_said(write: Write, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "broken.txt").write_text("{% if %}")
    with pytest.raises(ImproperlyConfigured) as caught:
        write("broken")
    assert caught.value.code == "mail.template"
