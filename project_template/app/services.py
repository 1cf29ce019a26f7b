"""What the app can do. Knows no web: routes, commands, tasks and tests use the same services."""

from framework import service
from framework.db import Page, Repository, Window

from app.models import Item
from app.schemas import ItemChange, ItemFields


@service
class ItemService:
    """Keeps items."""

    def __init__(self, items: Repository[Item]) -> None:
        self.items = items

    async def page(self, window: Window) -> Page[Item]:
        """Return one page of items, in the order they were made."""
        return await self.items.page(window)

    async def get(self, id: int) -> Item:
        """Return an item, or raise `NotFound`."""
        return await self.items.get(id)

    async def create(self, fields: ItemFields) -> Item:
        """Store a new item."""
        return await self.items.add(Item(**fields.model_dump()))

    async def change(self, id: int, changes: ItemChange) -> Item:
        """Set the given fields of an item, or raise `NotFound`."""
        return await self.items.update(await self.items.get(id), changes)

    async def delete(self, id: int) -> None:
        """Delete an item, or raise `NotFound`."""
        await self.items.delete(await self.items.get(id))
