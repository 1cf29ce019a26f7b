"""Sessions of browsers: started by a form, and ended, whatever way somebody logged in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from framework.auth.dependencies import CurrentIdentity, csrf_token, refuse_foreign
from framework.auth.dependencies.users import Known
from framework.auth.identity import Identity
from framework.auth.redirects import safe_next
from framework.auth.schemas import UserRead
from framework.auth.services import Logins, Users
from framework.auth.transport import Transport
from framework.errors import Conflict
from framework.web import Inject, Public

__all__ = ["router"]

router = APIRouter(prefix="/auth", tags=["auth"])


class Leaving(Known):
    """Knows who calls, by whatever they may do: everybody may log out."""

    name = "LoginRequired"
    is_bounded = False


@router.post(
    "/session",
    dependencies=[Public, Depends(refuse_foreign)],
    response_model=UserRead,
    responses={401: {}, 403: {}, 429: {}},
)
async def log_in(
    request: Request,
    response: Response,
    users: Inject[Users],
    logins: Inject[Logins],
    transport: Inject[Transport],
    username: Annotated[str, Form()],
    password: Annotated[str, Form()],
    next: Annotated[str | None, Form()] = None,
) -> object:
    """Log a browser in. With `next`, a path of this site, the answer leads there; else it is the user."""
    user = await users.authenticate(username, password)
    started = await logins.start_session(user, instead_of=transport.session(request.scope["headers"]))
    if next is None:
        response.set_cookie(**transport.cookie_of(started.secret))
        response.headers["Cache-Control"] = "no-store"
        return UserRead.model_validate(user)
    redirect = RedirectResponse(safe_next(next), 303)
    redirect.set_cookie(**transport.cookie_of(started.secret))
    return redirect


@router.post("/logout", status_code=204, responses={409: {}})
async def log_out(
    identity: Annotated[Identity, Leaving()], response: Response, logins: Inject[Logins], transport: Inject[Transport]
) -> None:
    """Log this device out: end the session or the family of tokens that the request comes by."""
    if identity.login_id is None:
        raise Conflict("login", detail="An API key is not logged in. Revoke it to end its use.")
    await logins.end(identity.user, identity.login_id)
    if identity.kind == "session":
        response.set_cookie(**transport.cookie_of(None))


@router.post("/logout/all", status_code=204)
async def log_out_everywhere(
    identity: CurrentIdentity, response: Response, logins: Inject[Logins], transport: Inject[Transport]
) -> None:
    """Log all devices of the user out, this one too. API keys stay."""
    await logins.end_all(identity.user)
    if identity.kind == "session":
        response.set_cookie(**transport.cookie_of(None))


@router.get("/csrf")
async def csrf(
    identity: CurrentIdentity, response: Response, token: Annotated[str, Depends(csrf_token)]
) -> dict[str, str]:
    """Answer with a token for the forms of the session at hand, for pages that no template of the project made."""
    response.headers["Cache-Control"] = "no-store"
    return {"csrf_token": token}
