from typing import Annotated

from fastapi import APIRouter, Form, Request, WebSocket

from framework.auth import Access, CurrentIdentity, CurrentUser, InPerson, OptionalUser, Scopes
from framework.users.models import User
from framework.web import Inject, Public, caller_of

router = APIRouter(prefix="/gate")


@router.get("/mine")
async def mine(user: CurrentUser[User]) -> str:
    return user.email


@router.post("/mine")
async def change(user: CurrentUser[User], csrf_token: Annotated[str, Form()] = "") -> str:
    return user.email


@router.get("/greeting")
async def greeting(user: OptionalUser[User]) -> str:
    return f"Hello {user.email if user else 'you'}"


@router.get("/what", dependencies=[Scopes("posts:read")])
async def what(identity: CurrentIdentity, user: CurrentUser[User], other: OptionalUser[User]) -> list[str]:
    assert identity.user is user is other
    return [identity.kind, *sorted(identity.scopes or ())]


@router.get("/person")
async def person(identity: InPerson) -> str:
    return identity.kind


@router.put("/rename")
async def rename(user: CurrentUser[User]) -> str:
    user.full_name = "Lost"
    return user.full_name


@router.get("/permissions")
async def permissions(user: CurrentUser[User], access: Inject[Access]) -> list[str]:
    return sorted(await access.permissions(user))


@router.get("/caller", dependencies=[Public])
async def caller(request: Request) -> str | None:
    return await caller_of(request)


@router.websocket("/stream")
async def stream(websocket: WebSocket, user: CurrentUser[User]) -> None:
    await websocket.accept()
    await websocket.send_text(user.email)
    await websocket.close()
