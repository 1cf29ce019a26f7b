"""Tokens: got by a name and a password, refreshed, and ended."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.security import OAuth2PasswordRequestForm
from starlette.responses import Response

from framework.auth.schemas import Refresh, TokenRead
from framework.auth.services import Tokens, Users
from framework.auth.transport import Transport
from framework.web import Inject, Public

__all__ = ["router"]

router = APIRouter(prefix="/auth", tags=["auth"], dependencies=[Public], responses={401: {}, 429: {}})


@router.post("/token", response_model_exclude_none=True)
async def token(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    response: Response,
    users: Inject[Users],
    tokens: Inject[Tokens],
    transport: Inject[Transport],
) -> TokenRead:
    """Log a program in. The `username` of the form is what people log in by: an email, unless the project says else."""
    user = await users.authenticate(form.username, form.password)
    response.headers["Cache-Control"] = "no-store"
    return TokenRead.of(await tokens.issue(user, scopes=form.scopes or None), transport.scheme)


@router.post("/refresh", response_model_exclude_none=True)
async def refresh(
    fields: Refresh, response: Response, tokens: Inject[Tokens], transport: Inject[Transport]
) -> TokenRead:
    """Take a refresh token and answer with new tokens. Each is good for one use: a second one ends the login."""
    response.headers["Cache-Control"] = "no-store"
    return TokenRead.of(await tokens.refresh(fields.refresh_token), transport.scheme)
