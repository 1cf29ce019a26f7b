"""How people become users: open, by invitation or not at all, and by a link that works once."""

import asyncio

import pytest

from framework import Project
from framework.auth import ActionToken, AuthSettings, Registration, Users
from framework.db import ReadSession, select
from framework.errors import Conflict, FrameworkError, Invalid, PermissionDenied
from framework.mail import Message
from framework.testing import Mailbox
from framework.users import UserBase
from tests.auth.conftest import MakeSite
from tests.auth.flows import OTHER, PASSWORD, ask, kinds, make_user, read_user, settings, token_of


@pytest.fixture
def project(make_site: MakeSite) -> Project:
    return make_site(auth=settings())


async def register(project: Project, email: str = "ann@example.com", **fields: str) -> object:
    return await ask(project, Registration, lambda r: r.register(email=email, **fields))


async def confirm(project: Project, mail: Message, password: str = PASSWORD, **fields: str) -> UserBase:
    return await ask(project, Registration, lambda r: r.confirm(token_of(mail), password=password, **fields))


async def test_the_account_comes_into_being_with_the_link_in_the_mail(project: Project, mailbox: Mailbox) -> None:
    assert await register(project, " Ann@Example.COM ") is None
    assert await ask(project, Users, lambda users: users.find("ann@example.com")) is None
    (mail,) = await mailbox.read()
    assert (mail.to, mail.subject) == ("ann@example.com", "Confirm your account")
    assert "within 1 day" in mail.text
    assert token_of(mail) in (mail.html or "")

    user = await confirm(project, mail, full_name="Ann")
    assert (user.email, user.full_name, user.is_active, user.is_staff) == ("ann@example.com", "Ann", True, False)
    assert user.email_verified_at is not None
    assert await ask(project, Users, lambda users: users.authenticate("ann@example.com", PASSWORD)) is not None
    assert await kinds(project) == ["registration.asked", "user.created"]


async def test_who_has_an_account_is_told_by_mail_and_nothing_changes(project: Project, mailbox: Mailbox) -> None:
    before = await make_user(project, password=OTHER)
    assert await register(project) is None
    (mail,) = await mailbox.read()
    assert (mail.to, mail.subject) == ("ann@example.com", "You have an account already")
    assert (await read_user(project)).password == before.password


async def test_of_two_links_to_one_address_the_first_makes_the_account_and_the_second_none(
    project: Project, mailbox: Mailbox
) -> None:
    await register(project)
    (first,) = await mailbox.read()
    await register(project)
    (second,) = await mailbox.read()
    await confirm(project, second, OTHER)
    with pytest.raises(Conflict):
        await confirm(project, first)
    assert await ask(project, Users, lambda users: users.authenticate("ann@example.com", OTHER))


async def test_a_link_used_by_fifty_at_once_makes_one_account(project: Project, mailbox: Mailbox) -> None:
    await register(project)
    (mail,) = await mailbox.read()

    async def outcome() -> str:
        try:
            await confirm(project, mail)
        except Invalid as error:
            return error.code
        return "confirmed"

    found = await asyncio.gather(*(outcome() for _ in range(50)))
    assert (found.count("confirmed"), found.count("link_invalid")) == (1, 49)


async def test_asking_takes_the_address_alone_and_stores_nothing_else(project: Project, mailbox: Mailbox) -> None:
    for name in ("password", "username", "full_name", "is_superuser"):
        with pytest.raises(Invalid) as caught:
            await register(project, **{name: PASSWORD})
        assert caught.value.fields == {
            name: "Not taken here: send it to /register/confirm, with the token of the mail."
        }
    await register(project)
    (mail,) = await mailbox.read()
    assert mail.subject == "Confirm your account"
    assert await ask(project, ReadSession, lambda session: session.scalar(select(ActionToken.data))) == {}


async def test_what_is_not_good_enough_leaves_the_link_good(project: Project, mailbox: Mailbox) -> None:
    await ask(project, Users, lambda users: users.create(email="b@example.com", username="ben", password=PASSWORD))
    await register(project)
    (mail,) = await mailbox.read()
    with pytest.raises(Invalid) as weak:
        await confirm(project, mail, "12345678")
    assert list(weak.value.fields) == ["password"]
    with pytest.raises(Conflict) as taken:
        await confirm(project, mail, username="ben")
    assert list(taken.value.fields) == ["username"]
    await confirm(project, mail, username="ann")


async def test_no_address_is_refused_before_any_mail(project: Project, mailbox: Mailbox) -> None:
    with pytest.raises(Invalid) as caught:
        await register(project, "ann")
    assert list(caught.value.fields) == ["email"]
    assert await mailbox.read() == []


async def test_privileges_are_no_fields_of_a_registration(project: Project, mailbox: Mailbox) -> None:
    await register(project)
    (mail,) = await mailbox.read()
    for name in ("is_superuser", "is_staff", "is_active", "id", "email_verified_at"):
        with pytest.raises(FrameworkError) as caught:
            await confirm(project, mail, **{name: "1"})
        assert caught.value.code == "auth.field"


async def test_by_default_nobody_registers(make_site: MakeSite) -> None:
    project = make_site()
    async with project.lifespan():
        with pytest.raises(PermissionDenied) as caught:
            await register(project)
        assert caught.value.code == "registration_closed"
        with pytest.raises(PermissionDenied):
            await ask(project, Registration, lambda r: r.invite("ann@example.com"))
    assert AuthSettings().registration.mode == "closed"


async def test_without_verification_the_account_is_there_at_once_and_a_taken_address_is_said(
    make_site: MakeSite,
) -> None:
    project = make_site(auth=settings(verify_email=False))
    async with project.lifespan():
        assert await register(project, password=PASSWORD) is not None
        assert (await read_user(project)).email_verified_at is None
        with pytest.raises(Conflict) as caught:
            await register(project, password=PASSWORD)
        assert list(caught.value.fields) == ["email"]
        for fields in ({}, {"password": "12345678"}, {"password": PASSWORD, "is_staff": "1"}):
            with pytest.raises((Invalid, FrameworkError)):
                await register(project, "ben@example.com", **fields)


class TestInvitations:
    @pytest.fixture
    def project(self, make_site: MakeSite) -> Project:
        return make_site(auth=settings(mode="invite"))

    async def test_who_was_invited_registers_and_nobody_else(self, project: Project, mailbox: Mailbox) -> None:
        with pytest.raises(PermissionDenied):
            await register(project)
        await ask(project, Registration, lambda r: r.invite("Ann@example.com"))
        (mail,) = await mailbox.read()
        assert (mail.to, mail.subject) == ("ann@example.com", "You are invited")
        assert "within 7 days" in mail.text
        user = await ask(project, Registration, lambda r: r.accept_invite(token_of(mail), password=PASSWORD))
        assert user.email == "ann@example.com"
        assert user.email_verified_at is not None

    async def test_a_weak_password_leaves_the_invitation_good(self, project: Project, mailbox: Mailbox) -> None:
        await ask(project, Registration, lambda r: r.invite("ann@example.com"))
        (mail,) = await mailbox.read()
        with pytest.raises(Invalid):
            await ask(project, Registration, lambda r: r.accept_invite(token_of(mail), password="12345678"))
        await ask(project, Registration, lambda r: r.accept_invite(token_of(mail), password=PASSWORD))
        with pytest.raises(Invalid) as caught:
            await ask(project, Registration, lambda r: r.accept_invite(token_of(mail), password=PASSWORD))
        assert caught.value.code == "link_invalid"

    async def test_an_invitation_is_no_other_link(self, project: Project, mailbox: Mailbox) -> None:
        await ask(project, Registration, lambda r: r.invite("ann@example.com"))
        (mail,) = await mailbox.read()
        with pytest.raises(Invalid):
            await confirm(project, mail)

    async def test_who_has_an_account_is_not_invited(self, project: Project, mailbox: Mailbox) -> None:
        await make_user(project)
        with pytest.raises(Conflict):
            await ask(project, Registration, lambda r: r.invite("ann@example.com"))
        assert await mailbox.read() == []


async def test_a_registration_that_is_rolled_back_sends_no_mail(project: Project, mailbox: Mailbox) -> None:
    async def interrupted(registration: Registration) -> None:
        await registration.register(email="ann@example.com")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await ask(project, Registration, interrupted)
    assert await mailbox.read() == []


async def test_a_username_that_is_taken_is_said(make_site: MakeSite) -> None:
    project = make_site(auth=settings(verify_email=False).model_copy(update={"login_fields": ("username",)}))
    async with project.lifespan():
        await ask(project, Users, lambda users: users.create(email="b@example.com", username="ann", password=PASSWORD))
        with pytest.raises(Conflict) as caught:
            await register(project, username="ann", password=PASSWORD)
        assert list(caught.value.fields) == ["username"]
