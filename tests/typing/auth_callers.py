"""Routes that know their caller, as mypy and pyright read them. Run by the checkers only."""

from __future__ import annotations

from typing import assert_type
from uuid import UUID

from fastapi import APIRouter, Request, Response

from framework.auth import (
    ApiKeys,
    CurrentIdentity,
    CurrentUser,
    Identity,
    InPerson,
    Logins,
    NewKey,
    OptionalUser,
    StartedSession,
    TokenPair,
    Tokens,
    csrf_token,
    identify,
    safe_next,
)
from framework.users import UserBase
from framework.web import Inject, project_of, scope_of


class Member(UserBase):
    """A project's own user. It has no table here: only checkers read this."""

    nickname: str = ""


router = APIRouter()


@router.get("/me")
async def me(user: CurrentUser[Member]) -> str:
    assert_type(user, Member)
    return user.nickname


@router.get("/greeting")
async def greeting(user: OptionalUser[Member]) -> str:
    assert_type(user, Member | None)
    return user.nickname if user else "you"


@router.get("/what")
async def what(identity: CurrentIdentity, person: InPerson) -> str:
    assert_type(identity, Identity)
    assert_type(identity.user, UserBase)
    assert_type(identity.scopes, frozenset[str] | None)
    assert_type(person.login_id, UUID | None)
    return identity.kind


@router.post("/everything")
async def everything(
    request: Request,
    response: Response,
    user: CurrentUser[Member],
    tokens: Inject[Tokens],
    logins: Inject[Logins],
    keys: Inject[ApiKeys],
) -> str:
    assert_type(await identify(request), Identity | None)
    assert_type(await tokens.issue(user, scopes=["posts:read"]), TokenPair)
    assert_type(await logins.start_session(user), StartedSession)
    assert_type(await keys.create(user, "mine"), NewKey)
    assert_type(await csrf_token(request), str)
    scope = await scope_of(request)
    assert scope is not None
    assert_type(await scope.get(Tokens), Tokens)
    assert project_of(request).settings
    return safe_next(request.query_params.get("next"))
