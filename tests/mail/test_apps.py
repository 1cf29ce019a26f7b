"""Mails as an app: which mailer a project gets, its end, its command and its checks."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from framework import Project, Settings, checks
from framework.errors import CommandError, ImproperlyConfigured
from framework.mail import ConsoleMailer, FileMailer, Mailer, MailSettings, MemoryMailer, Message, Outbox, SmtpMailer
from framework.mail.commands import sendtestmail
from tests.mail.conftest import StartServer


def project(tmp_path: Path, **environ: str) -> Project:
    apps = ("framework.mail",)
    return Project(Settings(_root=tmp_path, _environ=environ, _env_file=None, _secrets_dir=None, installed_apps=apps))


async def found[T](made: Project, type_: type[T]) -> T:
    async with made.scope() as scope:
        return await scope.get(type_)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("console:", ConsoleMailer),
        ("memory:", MemoryMailer),
        ("file:mails", FileMailer),
        ("smtp://ann:x@host", SmtpMailer),
    ],
)
@pytest.mark.parametrize("variable", ["MAIL_URL", "MAIL__URL"])
async def test_the_url_says_who_takes_mails(tmp_path: Path, variable: str, url: str, kind: type[Mailer]) -> None:
    made = project(tmp_path, **{variable: url, "MAIL__SENDER": "Site <a@example.com>"})
    mailer = await found(made, Mailer)  # type: ignore[type-abstract]
    assert type(mailer) is kind
    assert mailer.sender == "Site <a@example.com>"


def test_a_url_or_sender_that_cannot_be_used_fails_at_load_without_the_password(tmp_path: Path) -> None:
    for variable, value in (("MAIL_URL", "http://ann:hunter2@h"), ("MAIL__SENDER", "nobody")):
        with pytest.raises(ImproperlyConfigured) as caught:
            project(tmp_path, **{variable: value})
        assert variable in caught.value.message
        assert "hunter2" not in str(caught.value)


def test_the_settings_print_no_password(tmp_path: Path) -> None:
    made = project(tmp_path, MAIL_URL="smtp://ann:hunter2@host:587")
    printed = repr(made.settings.section(MailSettings)) + "".join(str(row) for row in made.settings.explain())
    assert "hunter2" not in printed
    assert "smtp://ann:***@host:587" in printed


async def test_the_outbox_uses_the_mailer_that_was_put_in_its_place_and_is_drained_at_the_end(tmp_path: Path) -> None:
    made, mailer = project(tmp_path), MemoryMailer()
    made.services.value(Mailer, mailer)
    async with made.lifespan():
        (await found(made, Outbox)).post(Message(to="a@example.com", subject="x"))
    assert len(mailer.sent) == 1


def test_a_project_runs_again_on_another_loop(tmp_path: Path) -> None:
    import asyncio

    made, mailer = project(tmp_path), MemoryMailer()
    made.services.value(Mailer, mailer)

    async def run() -> None:
        async with made.lifespan():
            outbox = await found(made, Outbox)
            for _ in range(9):
                outbox.post(Message(to="a@example.com", subject="x"))

    asyncio.run(run())
    asyncio.run(run())
    assert len(mailer.sent) == 18


async def test_the_test_mail_goes_the_way_the_projects_mails_go(
    start_server: StartServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = await start_server(replies={"RCPT": ["550 no such user"]})
    mailer = await found(project(tmp_path, MAIL_URL=f"smtp://127.0.0.1:{server.port}"), Mailer)  # type: ignore[type-abstract]
    with pytest.raises(CommandError) as caught:
        await sendtestmail(["gone@example.com"], mailer)
    assert "550" in caught.value.message
    await sendtestmail(["a@example.com", "b@example.com"], mailer)
    assert server.envelopes[0].rcpt_tos == ["a@example.com", "b@example.com"]
    assert capsys.readouterr().out == "Handed a mail from no-reply@localhost to SmtpMailer.\n"


def codes(made: Project) -> list[str]:
    return [message.code for message in checks.run(made, tags=["mail"], deploy=True)]


def test_a_deployment_whose_mails_nobody_gets_is_warned_of(tmp_path: Path) -> None:
    assert codes(project(tmp_path)) == ["mail.nowhere", "mail.sender"]
    assert codes(project(tmp_path, MAIL_URL="smtp://h", MAIL__SENDER="a@example.com")) == []


def test_loading_the_app_loads_no_client_and_no_templates(tmp_path: Path) -> None:
    code = (
        "import sys, framework.mail.apps; from framework import Project, Settings\n"
        "from framework.mail import MailSettings\n"
        "before = {'email.headerregistry', 'aiosmtplib', 'jinja2'} & set(sys.modules)\n"
        "Project(Settings(_environ={}, _env_file=None, _secrets_dir=None, installed_apps=('framework.mail',)))\n"
        "print(before, {'aiosmtplib', 'jinja2'} & set(sys.modules))"
    )
    done: Any = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "set() set()\n"
