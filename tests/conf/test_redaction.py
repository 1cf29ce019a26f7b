"""Secrets are hidden in every repr and printout."""

import json
import logging
import pprint
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, RedisDsn, SecretBytes, SecretStr

from framework.conf import Section, Settings
from framework.conf.redaction import redact_urls, redacted
from framework.db.settings import DatabaseSettings


class Inner(BaseModel):
    api_key: str = "hunter2"
    pepper: SecretStr = SecretStr("hunter2")


class Mail(Section):
    prefix: ClassVar[str] = "mail"

    url: str = "smtp://ann:hunter2@mail.example.com:25/?api_key=hunter2"
    dsn: RedisDsn = RedisDsn("redis://ann:hunter2@h/0")
    password: str = "hunter2"
    SMTP_TOKEN: str = "hunter2"
    old_passwords: tuple[str, ...] = ("hunter2",)
    pepper: SecretStr = SecretStr("hunter2")
    salt: SecretBytes = SecretBytes(b"hunter2")
    inner: Inner = Inner()
    inners: list[Inner] = [Inner()]  # noqa: RUF012 - pydantic copies it
    by_name: dict[str, str] = {"secret": "hunter2", "x": "amqp://u:hunter2@h"}  # noqa: RUF012 - pydantic copies it
    token_ttl: int = 5
    primary_key: str = "id"


class Project(Settings):
    mail: Mail = Mail()
    database: DatabaseSettings = DatabaseSettings(url="postgres://ann:hunter2@h/d?application_name=x")
    signing_key: str = "hunter2"


def made(tmp_path: Path) -> Project:
    return Project(_root=tmp_path, _environ={"SECRET_KEY": "hunter2" * 6}, _secrets_dir=None)


PRINTOUTS: list[Any] = [
    repr,
    str,
    "{}".format,
    pprint.pformat,
    lambda value: logging.LogRecord("n", 1, "p", 1, "%s %r", (value, value), None).getMessage(),
    lambda value: "".join(map(str, value.__rich_repr__())),
]


@pytest.mark.parametrize("printout", PRINTOUTS)
def test_no_printout_of_settings_or_of_a_section_holds_a_secret(tmp_path: Path, printout: Any) -> None:
    settings = made(tmp_path)
    for value in (settings, settings.mail, settings.database):
        text = printout(value)
        assert "hunter2" not in text
    assert "token_ttl=5" in repr(settings.mail)
    assert "primary_key='id'" in repr(settings.mail)
    assert "smtp://ann:***@mail.example.com:25/" in repr(settings.mail)


def test_no_explanation_holds_a_secret(tmp_path: Path) -> None:
    rows = list(made(tmp_path).explain())
    assert "hunter2" not in repr(rows)
    assert {row.name for row in rows} >= {"mail.password", "mail.inner.pepper", "database.url", "signing_key"}


def test_what_holds_the_texts_of_the_variables_prints_none(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "MAIL__PASSWORD=hunter2\nMAIL__PASSWROD=hunter2\nDATABASE_URL=postgres://u:hunter2@h/d\n"
    )
    settings = Project(_root=tmp_path, _environ={"MAIL__PEPPER": "hunter2"})
    assert "hunter2" not in repr(settings.unknown_variables())
    assert "hunter2" not in repr(vars(settings._reading))  # pyright: ignore[reportPrivateUsage]
    assert "hunter2" not in repr(settings.__pydantic_private__)


def test_an_error_in_code_prints_no_value() -> None:
    with pytest.raises(ValueError, match="1 validation error") as caught:
        Mail(password=["hunter2"])  # pyright: ignore[reportArgumentType]
    assert "hunter2" not in str(caught.value) + repr(caught.value)


def test_the_data_itself_is_whole(tmp_path: Path) -> None:
    settings = made(tmp_path)
    assert settings.mail.password == "hunter2"
    assert settings.database.url.startswith("postgres://ann:hunter2@")
    assert json.loads(settings.mail.model_dump_json())["pepper"] == "**********"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://u:p@h/d", "postgres://u:***@h/d"),
        ("redis://:p@h", "redis://:***@h"),
        ("postgres://u:p@ss/w:rd@h/d", "postgres://u:***@h/d"),
        ("u:p@h/d", "u:***@h/d"),
        ("postgres:/u:p@h/d", "postgres:***@h/d"),
        ("https://h/?access_token=p&x=1", "https://h/?access_token=***&x=1"),
        ("https://h:80/a", "https://h:80/a"),
        ("me@example.com", "me@example.com"),
        ("12:30", "12:30"),
        ("", ""),
    ],
)
def test_the_passwords_of_urls_are_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert redact_urls(text) == shown
    assert redacted("url", text) == repr(shown)


def test_an_empty_secret_shows_that_it_is_empty() -> None:
    assert redacted("password", "") == "''"
    assert redacted("password", None) == "None"
