from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Optional

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from framework.db import Field, Model, Relationship, Timestamped, UUIDKeyed

if TYPE_CHECKING:
    from people.models import Person


class Owned(Model):
    """An abstract model with a foreign key and a relationship."""

    author_id: int | None = Field(default=None, foreign_key="people.Person.id", ondelete="CASCADE")
    author: Optional["Person"] = Relationship(to="people.Person", back_populates="books")


class Genre(StrEnum):
    PROSE = "prose"
    VERSE = "verse"


class BookTag(Model, table=True):
    book_id: int = Field(foreign_key="library.Book.id", ondelete="CASCADE", primary_key=True)
    tag_id: int = Field(foreign_key="library.Tag.id", ondelete="CASCADE", primary_key=True)


class Book(Owned, Timestamped, table=True):
    id: int = Field(default=None, primary_key=True)
    title: str = Field(index=True, max_length=200)
    pages: int | None = None
    price: Decimal = Field(default=Decimal("1.50"), max_digits=8, decimal_places=2)
    weight: Decimal | None = Field(default=None, decimal_places=1, sa_column_kwargs={"name": "weight_in_kg"})
    genre: Genre = Genre.PROSE
    tags: list["Tag"] = Relationship(back_populates="books", link_model="library.BookTag")
    chapters: list["Chapter"] = Relationship(back_populates="book", cascade_delete=True)
    notes: list["Note"] = Relationship(back_populates="book")


class Tag(Model, table=True):
    """Has a namesake in the app `people`."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=30)
    books: list["Book"] = Relationship(back_populates="tags", link_model=BookTag)


class Chapter(Model, table=True):
    __table_args__ = (UniqueConstraint("book_id", "number"),)

    id: int = Field(default=None, primary_key=True)
    book_id: int = Field(foreign_key="library.Book.id", ondelete="CASCADE")
    number: int
    book: "Book" = Relationship(back_populates="chapters")


class Note(UUIDKeyed, table=True):
    book_id: int | None = Field(default=None, foreign_key="library.Book.id", ondelete="SET NULL")
    text: str = ""
    book: Book | None = Relationship(back_populates="notes")


class Loan(Model, table=True):
    reader_id: int = Field(foreign_key="people.Person.id", ondelete="CASCADE", primary_key=True)
    reader: "Person" = Relationship(to="people.Person", back_populates="loan")


class Room(Model, table=True):
    """Refers to its own kind, and twice to people."""

    id: int = Field(default=None, primary_key=True)
    name: str
    floor_id: int | None = Field(default=None, foreign_key="library.Room.id", ondelete="SET NULL")
    floor: Optional["Room"] = Relationship(back_populates="rooms")
    rooms: list["Room"] = Relationship(back_populates="floor", order_by="name")
    owner_id: int | None = Field(default=None, foreign_key="people.Person.id", ondelete="CASCADE")
    owner: Optional["Person"] = Relationship(to="people.Person", foreign_key="owner_id", back_populates="owned")
    keeper_id: int | None = Field(default=None, foreign_key="people.Person.id", ondelete="SET NULL")
    keeper: Optional["Person"] = Relationship(to="people.Person", foreign_key="keeper_id", back_populates="kept")


class Shelf(SQLModel, table=True):
    """Written without the framework's `Model`."""

    id: int | None = Field(default=None, primary_key=True)
    label: str = Field(index=True)
