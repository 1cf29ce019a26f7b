from sqlalchemy import ColumnElement

from framework.auth import Access, Policy
from framework.db import col
from framework.users import UserBase
from tests.auth.press.models import Page, Story


class StoryPolicy(Policy[Story]):
    def __init__(self, access: Access) -> None:
        self.access = access

    async def change_where(self, user: UserBase) -> ColumnElement[bool] | bool:
        """Authors their own, editors all."""
        return await self.access.has(user, "press.change_story") or col(Story.author_id) == user.id

    async def publish(self, user: UserBase, story: Story) -> bool:
        return story.author_id != user.id and await self.access.has(user, "press.view_story")

    def add(self, user: UserBase, story: Story | type[Story]) -> bool:
        return user.email.endswith("@press.example")

    def forget(self, user: UserBase, story: Story) -> bool:
        return None  # type: ignore[return-value]  # somebody forgot the answer

    def sell(self, user: UserBase, story: Story) -> bool:
        return Story.author_id == user.id


class PagePolicy(Policy[Page]):
    admits_anonymous = True

    def view_where(self, user: UserBase | None) -> ColumnElement[bool] | bool:
        return col(Page.author_id) == user.id if user else col(Page.number) == 1
