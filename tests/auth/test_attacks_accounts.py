"""Attacks on accounts: finding out who has one, taking one over, getting more rights, and mails as a weapon."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from statistics import median
from time import process_time
from typing import Any

import httpx
import pytest
from httpx import AsyncClient
from pydantic import ValidationError

from framework import Project
from framework.auth import Accounts, Registration, Users
from framework.auth.settings import LinkSettings, PasswordSettings
from framework.errors import DomainError
from framework.mail import MemoryMailer, Message
from framework.testing import Mailbox
from framework.testing.client import connect
from framework.testing.projects import Projects
from framework.web import create_app
from tests.auth.conftest import MakeSite, Site
from tests.auth.flows import OTHER, PASSWORD, ask, make_user, read_user, settings, token_of

SENTENCE = "the quick brown fox jumps over the lazy dog, and then over the other dogs, one by one"
KNOWN, UNKNOWN = "ann@example.com", "bob@example.com"


@pytest.fixture
def project(project_with: Projects) -> Project:
    """A site with open registration."""
    return project_with(Site, auth=settings())


# Who has an account? -----------------------------------------------------------------------------------------------

QUESTIONS: dict[str, Callable[[AsyncClient, str], Any]] = {
    "log in": lambda http, email: http.post("/auth/token", data={"username": email, "password": "wrong"}),
    "register": lambda http, email: http.post("/auth/register", json={"email": email}),
    "forgot": lambda http, email: http.post("/auth/password/forgot", json={"email": email}),
}


def told(answer: httpx.Response) -> tuple[int, str, dict[str, str]]:
    """Return what an answer tells a stranger; only the request's own id is not compared."""
    body = {key: value for key, value in answer.json().items() if key != "request_id"}
    headers = {key: value for key, value in answer.headers.items() if key != "x-request-id"}
    return answer.status_code, str(body), headers


@pytest.mark.parametrize("question", QUESTIONS)
async def test_status_message_and_headers_do_not_tell_who_has_an_account(
    client: AsyncClient, project: Project, question: str
) -> None:
    await make_user(project, KNOWN)
    known, unknown = [told(await QUESTIONS[question](client, email)) for email in (KNOWN, UNKNOWN)]
    assert known == unknown


@pytest.mark.parametrize("question", QUESTIONS)
async def test_the_time_of_an_answer_does_not_tell_who_has_an_account(project_with: Projects, question: str) -> None:
    """All are asked by turns, and their medians compared in CPU time, as other processes take their share of any other.

    A hash costs so much here that one more or less would be seen at once.
    """
    project = project_with(Site, auth=settings().model_copy(update={"passwords": PasswordSettings(bcrypt_cost=8)}))
    app, mailbox = create_app(project), Mailbox(project)
    times: dict[str, list[float]] = {KNOWN: [], UNKNOWN: [], "inactive@example.com": [], "bare@example.com": []}
    async with app.router.lifespan_context(app), connect(app, {}) as client:
        await make_user(project, KNOWN)
        await make_user(project, "bare@example.com", password=None)
        inactive = await make_user(project, "inactive@example.com")
        await ask(project, Users, lambda users: users.deactivate(inactive))
        for _ in range(15):
            for email in times:
                began = process_time()
                await QUESTIONS[question](client, email)
                times[email].append(process_time() - began)
                await mailbox.read()  # what goes on in the background is done before the next is asked
    medians = {email: median(found) for email, found in times.items()}
    assert max(medians.values()) / min(medians.values()) < 1.5, medians


@pytest.mark.parametrize("question", ["register", "forgot"])
async def test_the_database_is_asked_the_same_before_the_answer(
    make_site: MakeSite, statements: Callable[[Project], AbstractContextManager[list[str]]], question: str
) -> None:
    project = make_site(auth=settings())
    async with project.lifespan():
        await make_user(project, KNOWN)
        seen: dict[str, list[str]] = {}
        for email in (KNOWN, UNKNOWN):
            with statements(project) as found:
                async with project.scope() as scope:
                    if question == "register":
                        await (await scope.get(Registration)).register(email=email)
                    else:
                        await (await scope.get(Accounts)).forgot_password(email)
                    seen[email] = list(found)
            await Mailbox(project).read()  # what goes on in the background is none of it
        assert seen[KNOWN] == seen[UNKNOWN]


async def test_who_changes_to_an_address_learns_not_whose_it_is(
    client: AsyncClient, project: Project, mailbox: Mailbox
) -> None:
    await make_user(project, KNOWN)
    await make_user(project, "carl@example.com")
    form = {"username": "carl@example.com", "password": PASSWORD}
    tokens = (await client.post("/auth/token", data=form)).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    answers = [
        told(await client.post("/auth/me/email", json={"password": PASSWORD, "email": email}, headers=headers))
        for email in (KNOWN, UNKNOWN)
    ]
    assert answers[0] == answers[1]


# Taking one over ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80@testserver", "testserver/@evil.example"])
async def test_no_link_is_made_of_what_a_request_says(project: Project, mailbox: Mailbox, host: str) -> None:
    """A poisoned Host header, or what a proxy passes on of it, would send the token to whoever set it."""
    await make_user(project, KNOWN)
    headers = {"X-Forwarded-Host": host, "Forwarded": f"host={host}", "Origin": "https://evil.example"}
    async with connect(create_app(project), {}) as client:
        await client.post("/auth/password/forgot", json={"email": KNOWN}, headers={**headers, "Host": host})
        await client.post("/auth/password/forgot", json={"email": KNOWN}, headers=headers)
    mails = await mailbox.read()
    assert mails
    for mail in mails:
        assert "evil" not in f"{mail.text}{mail.html}"
        assert "https://app.example.com/reset-password?token=" in mail.text


@pytest.mark.parametrize(
    "site",
    [
        "app.example.com",
        "//app.example.com",
        "javascript:alert(1)",
        "https://app.example.com/",
        "https://user@evil.example",
        "https://app.example.com?x=1",
        "https://app.example.com#",
        "https://app.example.com\n",
        "https://",
    ],
)
def test_links_lead_to_one_site_and_nowhere_else(site: str) -> None:
    with pytest.raises(ValidationError, match="without a slash at the end"):
        LinkSettings(site=site)


@pytest.mark.parametrize(
    "page", ["https://evil.example/{token}", "/reset", "reset?{token}", "/{token}{token}", "/{other}"]
)
def test_pages_are_paths_that_take_the_token(page: str) -> None:
    with pytest.raises(ValidationError):
        LinkSettings(reset_password=page)


async def test_without_a_site_a_mail_shows_the_bare_token(make_site: MakeSite) -> None:
    project = make_site(auth=settings().model_copy(update={"links": LinkSettings()}))
    async with project.lifespan():
        await make_user(project, KNOWN)
        await ask(project, Accounts, lambda accounts: accounts.forgot_password(KNOWN))
        (mail,) = await Mailbox(project).read()
        token = mail.text.partition("hour:")[2].split()[0]
        assert len(token) == 43
        assert "http" not in mail.text + (mail.html or "")
        await ask(project, Accounts, lambda accounts: accounts.reset_password(token, OTHER))


async def test_who_asks_for_an_account_in_anothers_name_has_no_part_in_it(
    client: AsyncClient, mailbox: Mailbox
) -> None:
    """The stranger asks, the owner of the address follows the link in the mail, and the stranger tries to log in."""
    asked = {"email": UNKNOWN, "password": OTHER, "username": "mallory", "full_name": "Mallory"}
    assert (await client.post("/auth/register", json=asked)).status_code == 422
    assert (await client.post("/auth/register", json={"email": UNKNOWN})).status_code == 202
    (mail,) = await mailbox.read()
    assert (await client.post("/auth/register/confirm", json={"token": token_of(mail)})).status_code == 422
    fields = {"token": token_of(mail), "password": PASSWORD}
    made = await client.post("/auth/register/confirm", json=fields)
    assert (made.json()["username"], made.json()["full_name"]) == (None, "")
    for password, status in ((OTHER, 401), (PASSWORD, 200)):
        form = {"username": UNKNOWN, "password": password}
        assert (await client.post("/auth/token", data=form)).status_code == status


async def test_nobody_is_brought_to_confirm_the_account_of_somebody_else(
    client: AsyncClient, project: Project, mailbox: Mailbox
) -> None:
    """Mallory has a link sent to Bob, who has another account or none, and who follows it."""
    await make_user(project, "mallory@example.com", OTHER)
    await make_user(project, KNOWN)

    async def log_in(email: str, password: str) -> dict[str, str]:
        tokens = (await client.post("/auth/token", data={"username": email, "password": password})).json()
        return {"Authorization": f"Bearer {tokens['access_token']}"}

    as_mallory, as_ann = await log_in("mallory@example.com", OTHER), await log_in(KNOWN, PASSWORD)
    await client.post("/auth/me/email", json={"password": OTHER, "email": UNKNOWN}, headers=as_mallory)
    changed = next(token_of(mail) for mail in await mailbox.read() if mail.to == UNKNOWN)
    await client.post("/auth/me/verification", headers=as_mallory)
    (mail,) = await mailbox.read()
    for path, token in (("confirm", changed), ("verify", token_of(mail))):
        url, link = f"/auth/email/{path}", {"token": token}
        assert (await client.post(url, json=link)).status_code == 401
        refused = await client.post(url, json=link, headers=as_ann)
        assert (refused.status_code, refused.json()["code"]) == (403, "link_not_yours")
    mallory = await read_user(project, "mallory@example.com")
    assert mallory.email_verified_at is None
    done = await client.post("/auth/email/confirm", json={"token": changed}, headers=as_mallory)
    assert done.status_code == 204  # refused to others, it stays good for its own


# More rights -------------------------------------------------------------------------------------------------------

PRIVILEGES = ["is_superuser", "is_staff", "is_active", "id", "email_verified_at", "password_changed_at", "created_at"]


@pytest.mark.parametrize("name", [*PRIVILEGES, "groups", "permissions", "__class__"])
async def test_nobody_gives_themselves_rights(
    client: AsyncClient, project: Project, mailbox: Mailbox, name: str
) -> None:
    assert (await client.post("/auth/register", json={"email": UNKNOWN, name: True})).status_code == 422
    await client.post("/auth/register", json={"email": UNKNOWN})
    (mail,) = await mailbox.read()
    fields = {"token": token_of(mail), "password": PASSWORD, name: True}
    assert (await client.post("/auth/register/confirm", json=fields)).status_code == 422
    await make_user(project, KNOWN)
    before = (await read_user(project, KNOWN)).model_dump()
    tokens = (await client.post("/auth/token", data={"username": KNOWN, "password": PASSWORD})).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    for changes in ({name: True}, {"full_name": "x", name: 1}, {"email": "evil@example.com"}, {"password": OTHER}):
        assert (await client.patch("/auth/me", json=changes, headers=headers)).status_code == 422
    after = (await read_user(project, KNOWN)).model_dump()
    changed = {key for key in after if after[key] != before[key]}
    assert changed <= {"last_login_at"}


# Mails as a weapon -------------------------------------------------------------------------------------------------

INJECTED = [
    "ann@example.com\r\nBcc: evil@example.com",
    "ann@example.com\nBcc: evil@example.com",
    "ann@example.com\rBcc:evil@example.com",
    "ann@example.com%0aBcc:evil@example.com",
    "ann@example.com,evil@example.com",
    "ann@example.com evil@example.com",
    "ann@example.com\x00@evil.example",
    "<ann@example.com> <evil@example.com>",
    '"ann@example.com, evil"@evil.example',
    "ann@example.com\u2028Bcc: evil@example.com",
    "=?utf-8?q?ann=40example.com=0aBcc=3a?=@example.com",
]


@pytest.mark.parametrize("email", INJECTED, ids=ascii)
async def test_an_address_adds_no_header_and_no_recipient(
    client: AsyncClient, project: Project, mailbox: Mailbox, email: str
) -> None:
    await make_user(project, KNOWN)
    answers = [
        await client.post("/auth/register", json={"email": email}),
        await client.post("/auth/password/forgot", json={"email": email}),
    ]
    assert all(answer.status_code in (202, 422) for answer in answers)
    for mail in await mailbox.read():
        (recipient,) = mail.recipients
        assert recipient != "evil@example.com"
        sent = Message(to=mail.to, subject=mail.subject, sender="site@example.com", text=mail.text).to_email()
        assert set(sent.keys()) <= {
            "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"
        }  # fmt: skip


async def test_a_name_adds_no_header_and_no_markup(client: AsyncClient, mailbox: Mailbox) -> None:
    await client.post("/auth/register", json={"email": UNKNOWN})
    (mail,) = await mailbox.read()
    fields = {"token": token_of(mail), "password": PASSWORD, "full_name": "Bob\r\nBcc: evil@example.com"}
    assert (await client.post("/auth/register/confirm", json=fields)).status_code == 422
    fields["full_name"] = "<img src=x onerror=alert(1)>{{ 7 * 7 }}"
    assert (await client.post("/auth/register/confirm", json=fields)).status_code == 201
    await client.post("/auth/password/forgot", json={"email": UNKNOWN})
    (mail,) = await mailbox.read()
    assert "<img" not in (mail.html or "")


async def test_a_mail_server_that_hangs_keeps_nobody_waiting(
    project: Project, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = asyncio.Event()

    async def hang(self: MemoryMailer, message: Message) -> None:
        await free.wait()

    monkeypatch.setattr(MemoryMailer, "deliver", hang)
    await make_user(project, KNOWN)
    async with asyncio.timeout(5):
        await ask(project, Accounts, lambda accounts: accounts.forgot_password(KNOWN))
    free.set()


# Passwords of all kinds --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "status"),
    [(SENTENCE[:73], 201), ("é" * 73, 201), ("nul\0nul nul nul", 201), ("correct horse " * 70_000, 201), ("", 422)],
    ids=["73 bytes", "146 bytes", "NUL", "1 MB", "empty"],
)
async def test_passwords_of_any_kind_are_taken_or_refused_and_never_fail(
    client: AsyncClient, mailbox: Mailbox, password: str, status: int
) -> None:
    await client.post("/auth/register", json={"email": UNKNOWN})
    (mail,) = await mailbox.read()
    fields = {"token": token_of(mail), "password": password}
    answer = await client.post("/auth/register/confirm", json=fields)
    assert answer.status_code == status, answer.text
    if status == 201:
        form = {"username": UNKNOWN, "password": password}
        assert (await client.post("/auth/token", data=form)).status_code == 200
        for other in (password + "x", password[:-1]):
            form = {"username": UNKNOWN, "password": other}
            assert (await client.post("/auth/token", data=form)).status_code == 401


async def test_whoever_is_deleted_or_deactivated_while_links_are_out_gets_nothing_by_them(
    project: Project, mailbox: Mailbox
) -> None:
    ann = await make_user(project, KNOWN)
    await ask(project, Accounts, lambda accounts: accounts.forgot_password(KNOWN))
    (mail,) = await mailbox.read()
    await ask(project, Accounts, lambda accounts: accounts.delete(ann, PASSWORD))
    with pytest.raises(DomainError) as caught:
        await ask(project, Accounts, lambda accounts: accounts.reset_password(token_of(mail), OTHER))
    assert caught.value.code == "link_invalid"
