"""A user's API keys."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from framework.auth.dependencies import InPerson
from framework.auth.schemas import KeyFields, KeyMade, KeyRead
from framework.auth.services import ApiKeys
from framework.web import Inject

__all__ = ["router"]

router = APIRouter(prefix="/auth/keys", tags=["auth"])


@router.get("", name="keys", response_model=list[KeyRead])
async def all_keys(identity: InPerson, keys: Inject[ApiKeys]) -> object:
    """List the user's keys, the newest first."""
    return await keys.all(identity.user)


@router.post("", status_code=201, responses={409: {}})
async def make_key(fields: KeyFields, identity: InPerson, response: Response, keys: Inject[ApiKeys]) -> KeyMade:
    """Make a key. What its program sends is in this answer and nowhere else."""
    made = await keys.create(identity.user, fields.name, scopes=fields.scopes, expires_at=fields.expires_at)
    response.headers["Cache-Control"] = "no-store"
    return KeyMade(**KeyRead.model_validate(made.key).model_dump(), key=made.secret)


@router.delete("/{id}", status_code=204, responses={404: {}})
async def revoke_key(id: UUID, identity: InPerson, keys: Inject[ApiKeys]) -> None:
    """Revoke a key."""
    await keys.revoke(identity.user, id)
