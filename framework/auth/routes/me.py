"""Who is logged in."""

from fastapi import APIRouter

from framework.auth.dependencies import CurrentUser
from framework.auth.schemas import UserRead
from framework.users import UserBase

__all__ = ["router"]

router = APIRouter(prefix="/auth", tags=["auth"])


@router.get("/me", response_model=UserRead)
async def me(user: CurrentUser[UserBase]) -> object:
    """Answer with the user who asks."""
    return user
