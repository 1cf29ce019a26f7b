"""How many entries there are, which is kept."""

from fastapi import APIRouter
from sqlalchemy import func
from vault.models import Entry

from framework.cache import cached
from framework.db import ReadSession, select
from framework.web import Inject

router = APIRouter(prefix="/total")


@router.get("")
@cached(ttl=1, tags=[Entry])
async def total(session: Inject[ReadSession]) -> int:
    return (await session.exec(select(func.count()).select_from(Entry))).one()
