from framework.db import Field, Model


class Author(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    name: str


class Post(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    title: str
    author_id: int | None = Field(default=None, foreign_key="gazette.Author.id", ondelete="CASCADE")
