"""The route."""

from fastapi import APIRouter

router = APIRouter()


@router.get("/hello")
async def hello() -> dict[str, str]:
    """Say hello."""
    return {"hello": "world"}
