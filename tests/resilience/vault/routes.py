"""Writes and reads, and work that does not end by itself."""

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text

from framework.db import ReadSession, Session, select
from framework.errors import NotFound
from framework.web import Deadline, Inject
from vault.models import Entry

router = APIRouter()
ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(3600)",
}


class Added(BaseModel):
    key: str
    amount: int


@router.post("/entries", status_code=201)
async def add(entry: Added, session: Inject[Session]) -> Added:
    session.add(Entry(key=entry.key, amount=entry.amount))
    return entry


@router.get("/entries/{key}")
async def read(key: str, session: Inject[ReadSession]) -> Added:
    found = (await session.exec(select(Entry).where(Entry.key == key))).first()
    if found is None:
        raise NotFound("entry")
    return Added(key=found.key, amount=found.amount)


@router.post("/endless/{key}", dependencies=[Deadline(0.5)])
async def endless_write(key: str, session: Inject[Session]) -> None:
    session.add(Entry(key=key, amount=1))
    await session.flush()
    await session.execute(text(ENDLESS[session.get_bind().dialect.name]))


@router.get("/endless", dependencies=[Deadline(0.5)])
async def endless_read(session: Inject[ReadSession]) -> None:
    await session.execute(text(ENDLESS[session.get_bind().dialect.name]))
