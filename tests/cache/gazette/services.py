from pydantic import BaseModel

from framework import service
from framework.cache import cached
from framework.db import Repository, Session
from gazette.models import Post


class PostRead(BaseModel):
    id: int
    title: str


@service
class Posts:
    """Reads posts, and counts how often it has to."""

    def __init__(self, session: Session, posts: Repository[Post]) -> None:
        self.session = session
        self.posts = posts

    @cached(ttl=60, tags=[Post])
    async def titles(self) -> list[str]:
        return [post.title for post in await self.posts.all()]

    @cached(ttl=60, tags=lambda id: [(Post, id)])
    async def get(self, id: int) -> PostRead:
        return await self.posts.get(id)  # type: ignore[return-value]  # a row is read into the schema

    @cached(ttl=60)
    async def count(self) -> int:
        return await self.posts.count()

    @cached(ttl=60, tags=[Post])
    async def seen(self) -> int:
        """Write while reading: nobody may get that from a cache."""
        await self.posts.add(Post(title="seen"))
        return await self.posts.count()
