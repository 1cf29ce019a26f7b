"""The app's endpoints, mounted under the project's API prefix."""

from typing import Annotated

from fastapi import APIRouter, Query
from framework.auth import LoginRequired
from framework.db import Page, Window
from framework.web import Inject, Public

from app.schemas import ItemChange, ItemFields, ItemRead
from app.services import ItemService

router = APIRouter(prefix="/app", tags=["app"])


@router.get("/items", dependencies=[Public])
async def list_items(window: Annotated[Window, Query()], items: Inject[ItemService]) -> Page[ItemRead]:
    """List items, a page at a time."""
    return (await items.page(window)).map(ItemRead.model_validate)


@router.post("/items", status_code=201, dependencies=[LoginRequired])
async def create_item(fields: ItemFields, items: Inject[ItemService]) -> ItemRead:
    """Create an item."""
    return ItemRead.model_validate(await items.create(fields))


@router.get("/items/{id}", dependencies=[Public])
async def read_item(id: int, items: Inject[ItemService]) -> ItemRead:
    """Read an item."""
    return ItemRead.model_validate(await items.get(id))


@router.patch("/items/{id}", dependencies=[LoginRequired])
async def change_item(id: int, changes: ItemChange, items: Inject[ItemService]) -> ItemRead:
    """Change some fields of an item."""
    return ItemRead.model_validate(await items.change(id, changes))


@router.delete("/items/{id}", status_code=204, dependencies=[LoginRequired])
async def delete_item(id: int, items: Inject[ItemService]) -> None:
    """Delete an item."""
    await items.delete(id)
