"""The routes."""

from typing import Any

from fastapi import APIRouter, Request
from notes.models import Note  # pyright: ignore[reportMissingImports] - of the project that the soak makes
from rows import Row, make_rows
from sqlalchemy import func, select

from framework.cache import cached
from framework.db import ReadSession
from framework.throttling import Throttle
from framework.web import Inject

router = APIRouter(prefix="/soaked")


@router.get("/rows/{number}")
@cached(ttl=30, stale=30)
async def rows(number: int) -> list[Row]:
    """Return rows of one key of many."""
    return make_rows(number % 20)


@router.get("/count")
@cached(ttl=30, tags=[Note])
async def count(session: Inject[ReadSession]) -> Any:
    """Return how many notes there are, anew after each that is written."""
    return await session.scalar(select(func.count()).select_from(Note))


@router.get("/team", dependencies=[Throttle("20/minute", by=lambda connection: connection.headers["x-team"])])
async def team() -> str:
    """Answer one team of many, up to its rate."""
    return "yes"


@router.post("/upload")
async def upload(request: Request) -> int:
    """Return the length of the body."""
    return len(await request.body())
