import asyncio
import os

from fastapi import APIRouter

from framework.cache import RedisCache, cached

router = APIRouter()
counting = RedisCache(os.environ["COUNTING"], prefix="counting:", timeout=20)
"""Where all processes count."""


@router.get("/answer/{way}")
@cached(ttl=60)
async def answer(way: str) -> list[int]:
    await counting.increment(f"computed {way}")
    await asyncio.sleep(0.3)
    return [42]
