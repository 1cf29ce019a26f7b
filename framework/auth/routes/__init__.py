"""The routes of auth: one router, which a project may leave out. All they do, services do."""

from fastapi import APIRouter

from framework.auth.routes import accounts, keys, logins, me, sessions, tokens

__all__ = ["router"]

router = APIRouter(prefix="/auth", tags=["auth"])
for piece in (tokens, sessions, me, logins, keys, accounts):
    router.include_router(piece.router)
