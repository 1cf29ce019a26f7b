"""The cached list, as the documentation writes it."""

from typing import Annotated

from fastapi import APIRouter, Query
from rows import Row, make_rows

from framework.cache import cached
from framework.db import Database
from framework.web import Inject

router = APIRouter()


@router.get("/rows")
@cached(ttl=3600)
async def rows(database: Inject[Database], limit: Annotated[int, Query(le=1000)] = 100) -> list[Row]:
    """Return rows, made by nobody as long as they are kept."""
    return make_rows(limit)
