from typing import ClassVar

from framework.db import Field, Model


class Story(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    title: str = Field(max_length=100)
    author_id: int = Field(foreign_key="users.User.id", ondelete="CASCADE")
    published: bool = False


class Note(Model, table=True):
    __permissions__: ClassVar = {"publish": "Can publish notes"}

    id: int = Field(default=None, primary_key=True)
    text: str = ""


class Page(Model, table=True):
    book: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    author_id: int = Field(foreign_key="users.User.id")
