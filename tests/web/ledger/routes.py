from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from framework import Project
from framework.errors import NotFound
from framework.web import Inject
from ledger.services import Entries, Ledger, Transaction

router = APIRouter(prefix="/ledger", tags=["ledger"])


class Entry(BaseModel):
    name: str


class Broken:
    """Cannot be serialised as an entry."""


@router.get("/plain")
async def plain() -> dict[str, str]:
    return {"hello": "world"}


@router.post("/entries", status_code=201)
async def create(entry: Entry, entries: Inject[Entries]) -> Entry:
    await entries.add(entry.name)
    return entry


@router.post("/entries/conflict")
async def conflict(entry: Entry, entries: Inject[Entries]) -> Entry:
    await entries.add(entry.name)
    entries.transaction.fails_at_commit = True
    return entry


@router.post("/entries/not-found")
async def not_found(entry: Entry, entries: Inject[Entries]) -> Entry:
    await entries.add(entry.name)
    raise NotFound("entry")


@router.post("/entries/http-exception")
async def http_exception(entries: Inject[Entries]) -> Entry:
    raise HTTPException(418, detail={"tea": True}, headers={"X-Pot": "1"})


@router.post("/entries/crash")
async def crash(entry: Entry, entries: Inject[Entries]) -> Entry:
    await entries.add(entry.name)
    raise RuntimeError("the password is hunter2")


@router.post("/entries/unserialisable", response_model=Entry)
async def unserialisable(entry: Entry, entries: Inject[Entries]) -> Broken:
    await entries.add(entry.name)
    return Broken()


@router.post("/entries/slow")
async def slow(entry: Entry, entries: Inject[Entries]) -> Entry:
    await asyncio.sleep(0.3)
    await entries.add(entry.name)
    return entry


async def by_request(transaction: Inject[Transaction]) -> AsyncGenerator[Transaction]:
    yield transaction
    transaction.ledger.events.append("request dependency closed")


async def by_function(transaction: Inject[Transaction]) -> AsyncGenerator[Transaction]:
    yield transaction
    transaction.ledger.events.append("function dependency closed")


@router.get("/shared")
async def shared(
    entries: Inject[Entries],
    transaction: Inject[Transaction],
    one: Annotated[Transaction, Depends(by_request)],
    two: Annotated[Transaction, Depends(by_function, scope="function")],
) -> bool:
    return entries.transaction is transaction is one is two


@router.get("/sync")
def sync(entries: Inject[Entries]) -> str:
    return type(entries).__name__


@router.get("/stream")
async def stream(entries: Inject[Entries], project: Inject[Project], ledger: Inject[Ledger]) -> StreamingResponse:
    async def chunks() -> AsyncGenerator[str]:
        ledger.events.append("first chunk")
        yield "one,"
        async with project.scope() as scope:
            await (await scope.get(Entries)).add("streamed")
        yield "two"

    return StreamingResponse(chunks(), media_type="text/plain")


@router.get("/events")
async def events() -> StreamingResponse:
    async def chunks() -> AsyncGenerator[str]:
        await asyncio.sleep(60)
        yield "data: late\n\n"

    return StreamingResponse(chunks(), media_type="text/event-stream")


@router.get("/endless")
async def endless(project: Inject[Project]) -> StreamingResponse:
    async def chunks() -> AsyncGenerator[str]:
        async with project.scope() as scope:
            entries = await scope.get(Entries)
            while True:
                await entries.add("tick")
                yield "tick"
                await asyncio.sleep(0.01)

    return StreamingResponse(chunks(), media_type="text/plain")


@router.post("/background")
async def background(tasks: BackgroundTasks, entries: Inject[Entries], project: Inject[Project]) -> str:
    async def later() -> None:
        async with project.scope() as scope:
            await (await scope.get(Entries)).add("later")

    tasks.add_task(later)
    await entries.add("now")
    return "ok"


@router.websocket("/talk")
async def talk(websocket: WebSocket, entries: Inject[Entries], project: Inject[Project]) -> None:
    await entries.add("handshake")
    if "refuse" in websocket.query_params:
        raise NotFound("room")
    if "conflict" in websocket.query_params:
        entries.transaction.fails_at_commit = True
    await websocket.accept()
    async for text in websocket.iter_text():
        if text == "no such room":
            raise NotFound("room")
        async with project.scope() as scope:
            await (await scope.get(Entries)).add(text)
        await websocket.send_text(f"kept {text}")


@router.websocket("/rooms/{number}")
async def room(websocket: WebSocket, number: int) -> None:
    await websocket.accept()
    await websocket.send_json(number)
    await websocket.close()
