"""The devices on which a user is logged in."""

from uuid import UUID

from fastapi import APIRouter

from framework.auth.dependencies import InPerson
from framework.auth.schemas import LoginRead
from framework.auth.services import Logins
from framework.web import Inject

__all__ = ["router"]

router = APIRouter(prefix="/auth/logins", tags=["auth"])


@router.get("", name="logins")
async def all_logins(identity: InPerson, logins: Inject[Logins]) -> list[LoginRead]:
    """List the user's devices, the one used last first."""
    return [LoginRead.of(login, identity.login_id) for login in await logins.all(identity.user)]


@router.delete("/{id}", status_code=204, responses={404: {}})
async def end_login(id: UUID, identity: InPerson, logins: Inject[Logins]) -> None:
    """Log one of the user's devices out."""
    await logins.end(identity.user, id)
