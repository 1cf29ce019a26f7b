"""What users do with their own account: its address, its password, its end."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from framework import Project
from framework.auth import Accounts, ActionToken, Login, SecurityEvent, Users
from framework.auth.services import Logins
from framework.db import Session, col
from framework.errors import Conflict, Invalid, NotFound, Unauthenticated
from framework.mail import Message
from framework.testing import Mailbox
from framework.users import UserBase
from tests.auth.conftest import MakeSite
from tests.auth.flows import OTHER, PASSWORD, ask, kinds, make_user, read_user, settings, token_of


@pytest.fixture
def project(make_site: MakeSite) -> Project:
    return make_site(auth=settings())


@pytest.fixture
async def ann(project: Project, mailbox: Mailbox) -> UserBase:
    """A user of the running project."""
    return await make_user(project)


async def log_in(project: Project, user: UserBase) -> Login:
    return await ask(project, Logins, lambda logins: logins.start_family(user))


async def logins_of(project: Project, user: UserBase) -> list[Any]:
    return [login.id for login in await ask(project, Logins, lambda logins: logins.all(user))]


async def authenticates(project: Project, password: str, email: str = "ann@example.com") -> bool:
    try:
        await ask(project, Users, lambda users: users.authenticate(email, password))
    except Unauthenticated:
        return False
    return True


async def forgot(project: Project, mailbox: Mailbox, email: str = "ann@example.com") -> Message:
    await ask(project, Accounts, lambda accounts: accounts.forgot_password(email))
    (mail,) = await mailbox.read()
    return mail


async def refused(project: Project, work: Any) -> Invalid:
    with pytest.raises(Invalid) as caught:
        await ask(project, Accounts, work)
    return caught.value


class TestForgottenPassword:
    async def test_the_link_gives_a_new_password_once_and_logs_everybody_out(
        self, project: Project, mailbox: Mailbox, ann: UserBase
    ) -> None:
        await log_in(project, ann)
        mail = await forgot(project, mailbox, " ANN@example.com")
        assert (mail.to, mail.subject) == ("ann@example.com", "Choose a new password")
        await ask(project, Accounts, lambda accounts: accounts.reset_password(token_of(mail), OTHER))
        assert await authenticates(project, OTHER)
        assert not await authenticates(project, PASSWORD)
        assert await logins_of(project, ann) == []
        assert (await read_user(project)).email_verified_at is not None
        (told,) = await mailbox.read()
        assert (told.to, told.subject) == ("ann@example.com", "Your password was changed")
        again = await refused(project, lambda accounts: accounts.reset_password(token_of(mail), PASSWORD))
        assert again.code == "link_invalid"

    async def test_a_weak_password_leaves_the_link_good(
        self, project: Project, mailbox: Mailbox, ann: UserBase
    ) -> None:
        token = token_of(await forgot(project, mailbox))
        weak = await refused(project, lambda accounts: accounts.reset_password(token, "ann@example.com"))
        assert list(weak.fields) == ["password"]
        await ask(project, Accounts, lambda accounts: accounts.reset_password(token, OTHER))

    async def test_every_link_that_was_sent_is_good_until_one_is_used(
        self, project: Project, mailbox: Mailbox, ann: UserBase
    ) -> None:
        first, second = [token_of(await forgot(project, mailbox)) for _ in range(2)]
        await ask(project, Accounts, lambda accounts: accounts.reset_password(first, OTHER))
        assert (
            await refused(project, lambda accounts: accounts.reset_password(second, PASSWORD))
        ).code == "link_invalid"

    async def test_of_fifty_uses_at_once_one_wins(self, project: Project, mailbox: Mailbox, ann: UserBase) -> None:
        token = token_of(await forgot(project, mailbox))

        async def reset(number: int) -> int | None:
            try:
                await ask(project, Accounts, lambda accounts: accounts.reset_password(token, f"{OTHER} {number}"))
            except Invalid:
                return None
            return number

        (winner,) = [number for number in await asyncio.gather(*map(reset, range(50))) if number is not None]
        assert await authenticates(project, f"{OTHER} {winner}")

    async def test_a_stranger_and_somebody_inactive_get_no_mail(
        self, project: Project, mailbox: Mailbox, ann: UserBase
    ) -> None:
        await ask(project, Users, lambda users: deactivated(users, ann.id))
        for email in ("ann@example.com", "nobody@example.com", "no address\0"):
            await ask(project, Accounts, lambda accounts, e=email: accounts.forgot_password(e))
        assert await mailbox.read() == []

    async def test_a_link_to_an_address_that_is_no_longer_theirs_is_worthless(
        self, project: Project, mailbox: Mailbox, ann: UserBase
    ) -> None:
        token = token_of(await forgot(project, mailbox))
        await ask(project, Users, lambda users: renamed(users, ann.id))
        assert (await refused(project, lambda accounts: accounts.reset_password(token, OTHER))).code == "link_invalid"


async def deactivated(users: Users, id: int) -> None:
    await users.deactivate(await users.get(id))


async def renamed(users: Users, id: int) -> None:
    await users.set_email(await users.get(id), "other@example.com")


BAD = ["", "x", "A" * 43, "\0", "ß☃", "\ud800", "a" * 200]


@pytest.mark.parametrize("token", BAD, ids=ascii)
async def test_what_is_no_token_is_refused_alike_by_every_link(project: Project, ann: UserBase, token: str) -> None:
    for work in (
        lambda accounts: accounts.verify_email(ann, token),
        lambda accounts: accounts.confirm_email(ann, token),
        lambda accounts: accounts.reset_password(token, OTHER),
    ):
        assert (await refused(project, work)).code == "link_invalid"


async def test_a_token_is_good_for_what_it_was_made_for_and_nothing_else(
    project: Project, mailbox: Mailbox, ann: UserBase
) -> None:
    reset = token_of(await forgot(project, mailbox))
    await ask(project, Accounts, lambda accounts: accounts.send_verification(ann))
    (mail,) = await mailbox.read()
    verify = token_of(mail)
    for work in (
        lambda accounts: accounts.verify_email(ann, reset),
        lambda accounts: accounts.confirm_email(ann, reset),
        lambda accounts: accounts.reset_password(verify, OTHER),
        lambda accounts: accounts.verify_email(ann, verify[:-1] + ("A" if verify[-1] != "A" else "B")),
        lambda accounts: accounts.verify_email(ann, verify + " "),
    ):
        assert (await refused(project, work)).code == "link_invalid"
    await ask(project, Accounts, lambda accounts: accounts.verify_email(ann, verify))


async def test_an_expired_token_is_worthless(project: Project, mailbox: Mailbox, ann: UserBase) -> None:
    token = token_of(await forgot(project, mailbox))
    past = datetime.now(UTC) - timedelta(seconds=1)
    await ask(project, Session, lambda session: session.execute(update(ActionToken).values(expires_at=past)))
    assert (await refused(project, lambda accounts: accounts.reset_password(token, OTHER))).code == "link_invalid"


async def test_the_table_of_tokens_holds_nothing_to_use_them_with(
    project: Project, mailbox: Mailbox, ann: UserBase
) -> None:
    from framework.db import select

    token = token_of(await forgot(project, mailbox))

    async def dump(session: Session) -> str:
        (row,) = await session.exec(select(ActionToken))
        return repr(vars(row))

    assert token not in await ask(project, Session, dump)


class TestPasswordChange:
    async def test_every_device_but_the_users_own_is_logged_out_and_links_are_worthless(
        self, project: Project, mailbox: Mailbox, ann: UserBase
    ) -> None:
        token = token_of(await forgot(project, mailbox))
        own, _ = await log_in(project, ann), await log_in(project, ann)
        await ask(project, Accounts, lambda accounts: accounts.change_password(ann, PASSWORD, OTHER, login_id=own.id))
        assert await logins_of(project, ann) == [own.id]
        assert await authenticates(project, OTHER)
        assert [mail.subject for mail in await mailbox.read()] == ["Your password was changed"]
        assert (await refused(project, lambda accounts: accounts.reset_password(token, OTHER))).code == "link_invalid"
        assert "password.changed" in await kinds(project)

    async def test_the_current_password_is_asked_for_and_the_new_one_judged(
        self, project: Project, mailbox: Mailbox, ann: UserBase
    ) -> None:
        wrong = await refused(project, lambda accounts: accounts.change_password(ann, "wrong", OTHER))
        assert (wrong.code, list(wrong.fields)) == ("password_wrong", ["current_password"])
        weak = await refused(project, lambda accounts: accounts.change_password(ann, PASSWORD, "12345678"))
        assert list(weak.fields) == ["new_password"]
        assert await authenticates(project, PASSWORD)
        assert await mailbox.read() == []


class TestEmailChange:
    async def test_the_new_address_confirms_it_and_the_old_one_is_told_twice(
        self, project: Project, mailbox: Mailbox, ann: UserBase
    ) -> None:
        reset = token_of(await forgot(project, mailbox))
        await ask(project, Accounts, lambda accounts: accounts.change_email(ann, PASSWORD, "New@Example.com"))
        mails = {mail.to: mail for mail in await mailbox.read()}
        assert mails["ann@example.com"].subject == "Your address is about to be changed"
        assert "new@example.com" in mails["ann@example.com"].text
        assert (await read_user(project)).email == "ann@example.com"

        token = token_of(mails["new@example.com"])
        await ask(project, Accounts, lambda accounts: accounts.confirm_email(ann, token))
        user = await read_user(project, "new@example.com")
        assert (user.id, user.email_verified_at is not None) == (ann.id, True)
        (told,) = await mailbox.read()
        assert (told.to, told.subject) == ("ann@example.com", "Your address was changed")
        assert (await refused(project, lambda accounts: accounts.reset_password(reset, OTHER))).code == "link_invalid"

    async def test_an_address_that_is_taken_is_said_to_its_owner_alone(
        self, project: Project, mailbox: Mailbox, ann: UserBase
    ) -> None:
        await make_user(project, "bob@example.com")
        await ask(project, Accounts, lambda accounts: accounts.change_email(ann, PASSWORD, "bob@example.com"))
        mails = {mail.to: mail.subject for mail in await mailbox.read()}
        assert mails["bob@example.com"] == "You have an account already"

    async def test_an_address_that_is_taken_meanwhile_stays_its_owners(
        self, project: Project, mailbox: Mailbox, ann: UserBase
    ) -> None:
        await ask(project, Accounts, lambda accounts: accounts.change_email(ann, PASSWORD, "new@example.com"))
        token = next(token_of(mail) for mail in await mailbox.read() if mail.to == "new@example.com")
        await make_user(project, "new@example.com")
        with pytest.raises(Conflict):
            await ask(project, Accounts, lambda accounts: accounts.confirm_email(ann, token))
        assert (await read_user(project)).id == ann.id

    async def test_the_password_is_asked_for(self, project: Project, mailbox: Mailbox, ann: UserBase) -> None:
        wrong = await refused(project, lambda accounts: accounts.change_email(ann, "wrong", "new@example.com"))
        assert (wrong.code, list(wrong.fields)) == ("password_wrong", ["password"])
        assert await mailbox.read() == []


async def test_an_address_is_verified_by_its_link(project: Project, mailbox: Mailbox, ann: UserBase) -> None:
    await ask(project, Accounts, lambda accounts: accounts.send_verification(ann))
    (mail,) = await mailbox.read()
    assert mail.subject == "Confirm your address"
    await ask(project, Accounts, lambda accounts: accounts.verify_email(ann, token_of(mail)))
    verified = await read_user(project)
    assert verified.email_verified_at is not None
    await ask(project, Accounts, lambda accounts: accounts.send_verification(verified))
    assert await mailbox.read() == []


async def test_a_closed_account_lets_nobody_in(project: Project, mailbox: Mailbox, ann: UserBase) -> None:
    await log_in(project, ann)
    assert (await refused(project, lambda accounts: accounts.deactivate(ann, "wrong"))).code == "password_wrong"
    await ask(project, Accounts, lambda accounts: accounts.deactivate(ann, PASSWORD))
    assert not await authenticates(project, PASSWORD)
    assert await logins_of(project, ann) == []
    assert [mail.subject for mail in await mailbox.read()] == ["Your account was closed"]


async def test_a_deleted_account_is_gone_and_the_audit_stays(project: Project, mailbox: Mailbox, ann: UserBase) -> None:
    await log_in(project, ann)
    assert (await refused(project, lambda accounts: accounts.delete(ann, "wrong"))).code == "password_wrong"
    await ask(project, Accounts, lambda accounts: accounts.delete(ann, PASSWORD))
    with pytest.raises(NotFound):
        await ask(project, Users, lambda users: users.get(ann.id))
    assert [mail.subject for mail in await mailbox.read()] == ["Your account was deleted"]
    assert (await kinds(project)).count("user.deleted") == 1


async def test_an_export_holds_what_is_known_and_no_secret(project: Project, mailbox: Mailbox, ann: UserBase) -> None:
    import json

    await log_in(project, ann)
    assert (await refused(project, lambda accounts: accounts.export(ann, "wrong"))).code == "password_wrong"
    exported = await ask(project, Accounts, lambda accounts: accounts.export(ann, PASSWORD))
    assert exported["user"]["email"] == "ann@example.com"
    assert len(exported["logins"]) == 1
    assert {event["kind"] for event in exported["security_events"]} >= {"user.created", "login"}
    stored = await read_user(project)
    assert stored.password not in json.dumps(exported)
    assert "hash" not in json.dumps(exported)


async def test_a_password_that_was_changed_while_it_was_confirmed_confirms_nothing(
    project: Project, mailbox: Mailbox, ann: UserBase
) -> None:
    """Two changes by the same old password at once: one of them, the later, is refused."""

    async def change(password: str) -> bool:
        try:
            await ask(project, Accounts, lambda accounts: accounts.change_password(ann, PASSWORD, password))
        except (Invalid, Conflict):
            return False
        return True

    done = await asyncio.gather(*(change(f"{OTHER} {number}") for number in range(4)))
    assert sum(done) >= 1
    assert sum([await authenticates(project, f"{OTHER} {number}") for number in range(4)]) == 1


async def test_expired_tokens_are_cleared(project: Project, mailbox: Mailbox, ann: UserBase) -> None:
    from framework.auth import ActionTokens

    await forgot(project, mailbox)
    assert await ask(project, ActionTokens, lambda tokens: tokens.clear()) == 0
    past = datetime.now(UTC) - timedelta(seconds=1)
    await ask(project, Session, lambda session: session.execute(update(ActionToken).values(expires_at=past)))
    assert await ask(project, ActionTokens, lambda tokens: tokens.clear()) == 1


async def test_events_say_where_they_came_from(project: Project, mailbox: Mailbox, ann: UserBase) -> None:
    from framework.db import ReadSession, select
    from tests.auth.flows import From

    with From("203.0.113.7"):
        await ask(project, Accounts, lambda accounts: accounts.forgot_password("ann@example.com"))
        await mailbox.read()

    async def read(session: ReadSession) -> tuple[str, int | None]:
        statement = select(SecurityEvent).where(col(SecurityEvent.kind) == "password.forgotten")
        (event,) = await session.exec(statement)
        return event.client, event.user_id

    assert await ask(project, ReadSession, read) == ("203.0.113.7", ann.id)
