from fastapi import APIRouter, WebSocket

from framework.auth import (
    Access,
    CurrentUser,
    LoginRequired,
    OptionalUser,
    Public,
    Require,
    Scopes,
    StaffRequired,
)
from framework.db import ReadSession, Repository, select
from framework.users.models import User
from framework.web import Inject
from tests.auth.press.models import Story

access = LoginRequired
router = APIRouter(prefix="/press")
office = APIRouter(prefix="/office", dependencies=[StaffRequired])


@router.get("/public", dependencies=[Public])
async def public() -> int:
    return 1


@router.get("/maybe")
async def maybe(user: OptionalUser[User]) -> str:
    return user.email if user else "nobody"


@router.get("/login")
async def login() -> int:
    return 1


@router.get("/view", dependencies=[Require("press.view_note")])
async def view() -> int:
    return 1


@router.get("/edit", dependencies=[Require("press.view_note", "press.change_note")])
async def edit(user: CurrentUser[User]) -> str:
    return user.email


@router.get("/scoped", dependencies=[Scopes("notes:read")])
async def scoped() -> int:
    return 1


@router.get("/narrow", dependencies=[Require("press.view_note"), Scopes("notes:read", "notes:list")])
async def narrow() -> int:
    return 1


@router.get("/wrong", dependencies=[Require("press.veiw_note")])
async def wrong() -> int:
    return 1


@office.get("/door", dependencies=[StaffRequired])
async def door(user: CurrentUser[User]) -> str:
    return user.email


@office.get("/hall")
async def hall(user: CurrentUser[User]) -> str:
    return user.email


@office.get("/desk", dependencies=[StaffRequired, Require("press.view_note")])
async def desk() -> int:
    return 1


@office.websocket("/phone")
async def phone(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


@router.get("/stories", dependencies=[Scopes("stories")])
async def stories(user: CurrentUser[User], session: Inject[ReadSession], access: Inject[Access]) -> list[int]:
    return sorted(story.id for story in await session.scalars(await access.filter(user, "change", select(Story))))


@router.put("/stories/{id}", dependencies=[Scopes("stories")])
async def change_story(
    id: int, user: CurrentUser[User], rows: Inject[Repository[Story]], access: Inject[Access]
) -> int:
    story = await rows.get(id)
    await access.require(user, "change", story)
    return (await rows.update(story, title="changed")).id


router.include_router(office)
