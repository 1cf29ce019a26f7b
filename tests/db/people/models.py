from typing import TYPE_CHECKING

from framework.db import Field, Model, Relationship

if TYPE_CHECKING:
    from library.models import Book, Loan, Room


class Person(Model, table=True):
    __tablename__ = "folk"  # another name than the rule gives, and made after the tables that refer to it

    id: int = Field(default=None, primary_key=True)
    name: str = Field(max_length=50, unique=True)
    email: str | None = Field(default=None, unique=True)
    books: list["Book"] = Relationship(to="library.Book", back_populates="author", order_by="-title")
    owned: list["Room"] = Relationship(to="library.Room", foreign_key="owner_id", back_populates="owner")
    kept: list["Room"] = Relationship(to="library.Room", foreign_key="keeper_id", back_populates="keeper")
    loan: "Loan | None" = Relationship(to="library.Loan", back_populates="reader")


class Tag(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    name: str
