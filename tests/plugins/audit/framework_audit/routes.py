"""The endpoints of the app."""

from typing import Annotated

from fastapi import APIRouter, Query

from framework.db import Page, Window
from framework.web import Inject
from framework_audit.schemas import EntryRead
from framework_audit.services import AuditTrail

router = APIRouter(prefix="/audit", tags=["audit"])


@router.get("/entries")
async def list_entries(window: Annotated[Window, Query()], audit: Inject[AuditTrail]) -> Page[EntryRead]:
    """List what was changed."""
    return (await audit.page(window)).map(EntryRead.model_validate)


@router.post("/notes", status_code=204)
async def note() -> None:
    """Do nothing but leave a trace."""
