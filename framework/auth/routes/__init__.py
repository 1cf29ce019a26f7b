"""The routes of auth: one router, which a project may leave out. All they do, services do."""

from fastapi import APIRouter

from framework.auth.routes import accounts, keys, logins, me, sessions, tokens

__all__ = ["router"]

router = APIRouter()
for piece in (me, tokens, sessions, logins, keys, accounts):
    # Not included: FastAPI looks through every included router again for every request.
    router.routes.extend(piece.router.routes)
