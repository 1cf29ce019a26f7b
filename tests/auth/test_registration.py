"""How people become users: open, by invitation or not at all, and by a link that works once."""

import asyncio

import pytest

from framework import Project
from framework.auth import AuthSettings, Registration, Users
from framework.errors import Conflict, FrameworkError, Invalid, PermissionDenied
from framework.testing import Mailbox
from tests.auth.conftest import MakeSite
from tests.auth.flows import OTHER, PASSWORD, ask, kinds, make_user, read_user, settings, token_of


@pytest.fixture
def project(make_site: MakeSite) -> Project:
    return make_site(auth=settings())


async def register(project: Project, email: str = "ann@example.com", **fields: str) -> object:
    return await ask(project, Registration, lambda r: r.register(email=email, password=PASSWORD, **fields))


async def test_the_account_comes_into_being_with_the_link_in_the_mail(project: Project, mailbox: Mailbox) -> None:
    assert await register(project, " Ann@Example.COM ", full_name="Ann") is None
    assert await ask(project, Users, lambda users: users.find("ann@example.com")) is None
    (mail,) = await mailbox.read()
    assert (mail.to, mail.subject) == ("ann@example.com", "Confirm your account")
    assert "within 1 day" in mail.text
    assert token_of(mail) in (mail.html or "")

    user = await ask(project, Registration, lambda r: r.confirm(token_of(mail)))
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


async def test_nobody_takes_an_address_by_asking_first(project: Project, mailbox: Mailbox) -> None:
    """Two ask for one address; each link makes the account with the password of who asked, and the second none."""
    await register(project)
    (first,) = await mailbox.read()
    await ask(project, Registration, lambda r: r.register(email="ann@example.com", password=OTHER))
    (second,) = await mailbox.read()
    await ask(project, Registration, lambda r: r.confirm(token_of(second)))
    with pytest.raises(Conflict):
        await ask(project, Registration, lambda r: r.confirm(token_of(first)))
    assert await ask(project, Users, lambda users: users.authenticate("ann@example.com", OTHER))


async def test_a_link_used_by_fifty_at_once_makes_one_account(project: Project, mailbox: Mailbox) -> None:
    await register(project)
    (mail,) = await mailbox.read()

    async def confirm() -> str:
        try:
            await ask(project, Registration, lambda r: r.confirm(token_of(mail)))
        except Invalid as error:
            return error.code
        return "confirmed"

    found = await asyncio.gather(*(confirm() for _ in range(50)))
    assert (found.count("confirmed"), found.count("link_invalid")) == (1, 49)


async def test_the_stored_password_leaves_the_table_with_the_use_of_the_link(
    project: Project, mailbox: Mailbox
) -> None:
    from framework.auth import ActionToken
    from framework.db import ReadSession, select

    async def data(session: ReadSession) -> list[dict[str, object]]:
        return list(await session.exec(select(ActionToken.data)))

    await register(project)
    (mail,) = await mailbox.read()
    (held,) = await ask(project, ReadSession, data)
    assert PASSWORD not in str(held)
    await ask(project, Registration, lambda r: r.confirm(token_of(mail)))
    assert await ask(project, ReadSession, data) == [{}]


async def test_a_weak_password_and_no_address_are_refused_before_any_mail(project: Project, mailbox: Mailbox) -> None:
    for email, password, field in (("ann@example.com", "12345678", "password"), ("ann", PASSWORD, "email")):
        with pytest.raises(Invalid) as caught:
            await ask(project, Registration, lambda r, e=email, p=password: r.register(email=e, password=p))
        assert list(caught.value.fields) == [field]
    assert await mailbox.read() == []


async def test_privileges_are_no_fields_of_a_registration(project: Project, mailbox: Mailbox) -> None:
    for name in ("is_superuser", "is_staff", "is_active", "id", "email_verified_at"):
        with pytest.raises(FrameworkError) as caught:
            await ask(
                project,
                Registration,
                lambda r, n=name: r.register(email="a@example.com", password=PASSWORD, **{n: True}),
            )
        assert caught.value.code == "auth.field"
    assert await mailbox.read() == []


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
        assert await register(project) is not None
        assert (await read_user(project)).email_verified_at is None
        with pytest.raises(Conflict) as caught:
            await register(project)
        assert list(caught.value.fields) == ["email"]


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
            await ask(project, Registration, lambda r: r.confirm(token_of(mail)))

    async def test_who_has_an_account_is_not_invited(self, project: Project, mailbox: Mailbox) -> None:
        await make_user(project)
        with pytest.raises(Conflict):
            await ask(project, Registration, lambda r: r.invite("ann@example.com"))
        assert await mailbox.read() == []


async def test_a_registration_that_is_rolled_back_sends_no_mail(project: Project, mailbox: Mailbox) -> None:
    async def interrupted(registration: Registration) -> None:
        await registration.register(email="ann@example.com", password=PASSWORD)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await ask(project, Registration, interrupted)
    assert await mailbox.read() == []


async def test_a_username_that_is_taken_is_said(make_site: MakeSite) -> None:
    project = make_site(auth=settings().model_copy(update={"login_fields": ("username",)}))
    async with project.lifespan():
        await ask(project, Users, lambda users: users.create(email="b@example.com", username="ann", password=PASSWORD))
        with pytest.raises(Conflict) as caught:
            await register(project, username="ann")
        assert list(caught.value.fields) == ["username"]
