"""Accounts: how they begin, what users do with theirs, and how they end."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from framework.auth.dependencies import CurrentUser, InPerson, Require
from framework.auth.identity import Identity
from framework.auth.schemas import (
    Confirmation,
    Done,
    EmailChange,
    EmailFields,
    Link,
    NewAccount,
    PasswordChange,
    PasswordReset,
    ProfileChanges,
    RegistrationFields,
    UserRead,
)
from framework.auth.services import Accounts, Logins, Passwords, Registration, Users
from framework.auth.transport import Transport
from framework.users import UserBase
from framework.web import Inject, Public

__all__ = ["router"]

router = APIRouter(prefix="/auth", tags=["auth"])
public = APIRouter(prefix="/auth", tags=["auth"], dependencies=[Public])

CHECK_MAIL = Done(detail="If that is possible, a mail is on its way to this address.")


# Becoming a user ---------------------------------------------------------------------------------------------------


@public.post(
    "/register",
    status_code=202,
    responses={201: {"model": Done, "description": "The account is there."}, 403: {}, 409: {}, 429: {}},
)
async def register(fields: RegistrationFields, response: Response, registration: Inject[Registration]) -> Done:
    """Ask for an account. Answers 202 whether or not the address has one, and the mail that follows tells its owner.

    It takes the address alone; all else is said with the link in the mail. Where addresses are not verified, it takes
    everything at once and answers 201, or 409 for an address that is taken.
    """
    if await registration.register(**fields.model_dump()) is None:
        return CHECK_MAIL
    response.status_code = 201
    return Done(detail="The account is there.")


@public.post("/register/confirm", status_code=201, response_model=UserRead, responses={409: {}, 429: {}})
async def confirm_registration(fields: NewAccount, registration: Inject[Registration]) -> object:
    """Take up an account that was asked for, by the link in the mail."""
    return await registration.confirm(**fields.model_dump())


@router.post("/invites", status_code=202, dependencies=[Require("users.add_user")], responses={409: {}})
async def invite(fields: EmailFields, user: CurrentUser[UserBase], registration: Inject[Registration]) -> Done:
    """Send somebody a link by which to register. Answers 409 when they have an account."""
    await registration.invite(fields.email, by=user)
    return Done(detail="A mail is on its way to this address.")


@public.post("/invites/accept", status_code=201, response_model=UserRead, responses={403: {}, 409: {}, 429: {}})
async def accept_invite(fields: NewAccount, registration: Inject[Registration]) -> object:
    """Take up an account that one was invited to."""
    return await registration.accept_invite(**fields.model_dump())


# Without being logged in -------------------------------------------------------------------------------------------


@public.get("/password/requirements")
async def password_requirements(passwords: Inject[Passwords]) -> list[str]:
    """Answer with what a new password must be like, a sentence each."""
    return passwords.requirements()


@public.post("/password/forgot", status_code=202, responses={429: {}})
async def forgot_password(fields: EmailFields, accounts: Inject[Accounts]) -> Done:
    """Ask for a link for a new password. Answers the same whether or not there is such an account."""
    await accounts.forgot_password(fields.email)
    return CHECK_MAIL


@public.post("/password/reset", status_code=204, responses={429: {}})
async def reset_password(fields: PasswordReset, accounts: Inject[Accounts]) -> None:
    """Choose a new password, by the link in the mail. Every device is logged out."""
    await accounts.reset_password(fields.token, fields.password)


# Logged in ---------------------------------------------------------------------------------------------------------


@router.patch("/me", response_model=UserRead)
async def change_me(changes: ProfileChanges, identity: InPerson, users: Inject[Users]) -> object:
    """Change what the user may change of themselves."""
    return await users.update(await users.get(identity.user.id), changes)


@router.post("/me/verification", status_code=202)
async def send_verification(identity: InPerson, accounts: Inject[Accounts]) -> Done:
    """Ask for a link that confirms the user's address."""
    await accounts.send_verification(identity.user)
    return CHECK_MAIL


@router.post("/email/verify", status_code=204)
async def verify_email(link: Link, identity: InPerson, accounts: Inject[Accounts]) -> None:
    """Confirm the address of one's account, by the link in the mail."""
    await accounts.verify_email(identity.user, link.token)


@router.post("/email/confirm", status_code=204)
async def confirm_email(link: Link, identity: InPerson, accounts: Inject[Accounts]) -> None:
    """Confirm the new address of one's account, by the link in the mail."""
    await accounts.confirm_email(identity.user, link.token)


@router.post("/me/password", status_code=204)
async def change_password(
    fields: PasswordChange,
    identity: InPerson,
    request: Request,
    response: Response,
    accounts: Inject[Accounts],
    logins: Inject[Logins],
    transport: Inject[Transport],
) -> None:
    """Change the user's password. Every other device is logged out, and a session goes on by a new cookie."""
    await accounts.change_password(
        identity.user, fields.current_password, fields.new_password, login_id=identity.login_id
    )
    secret = transport.session(request.scope["headers"]) if identity.kind == "session" else None
    if secret is not None:
        response.set_cookie(**transport.cookie_of((await logins.renew_session(secret)).secret))


@router.post("/me/email", status_code=202)
async def change_email(fields: EmailChange, identity: InPerson, accounts: Inject[Accounts]) -> Done:
    """Ask for a link to the address that is to be the user's. The one they have is told."""
    await accounts.change_email(identity.user, fields.password, fields.email)
    return CHECK_MAIL


@router.post("/me/export")
async def export_me(
    fields: Confirmation, identity: InPerson, response: Response, accounts: Inject[Accounts]
) -> dict[str, Any]:
    """Answer with all that is known here of the user."""
    response.headers["Cache-Control"] = "no-store"
    return await accounts.export(identity.user, fields.password)


@router.post("/me/deactivate", status_code=204)
async def deactivate_me(
    fields: Confirmation,
    identity: InPerson,
    response: Response,
    accounts: Inject[Accounts],
    transport: Inject[Transport],
) -> None:
    """Close the user's account, and keep what is theirs."""
    await accounts.deactivate(identity.user, fields.password)
    forget(identity, response, transport)


@router.post("/me/delete", status_code=204)
async def delete_me(
    fields: Confirmation,
    identity: InPerson,
    response: Response,
    accounts: Inject[Accounts],
    transport: Inject[Transport],
) -> None:
    """Delete the user's account, and what is theirs with it."""
    await accounts.delete(identity.user, fields.password)
    forget(identity, response, transport)


def forget(identity: Identity, response: Response, transport: Transport) -> None:
    """Take the session's cookie from a browser that is logged out."""
    if identity.kind == "session":
        response.set_cookie(**transport.cookie_of(None))


router.routes.extend(public.routes)
