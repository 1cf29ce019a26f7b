"""Models with every kind of constraint."""

from sqlalchemy import CheckConstraint, UniqueConstraint

from framework.db import Field, Model


class Brand(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=50)


class Product(Model, table=True):
    __table_args__ = (
        UniqueConstraint("brand_id", "code"),
        CheckConstraint("price >= 0", name="price_positive"),
    )

    id: int = Field(default=None, primary_key=True)
    brand_id: int | None = Field(default=None, foreign_key="depot.Brand.id")
    code: str = Field(max_length=20)
    price: int = 0
    label: str = Field(default="", sa_column_kwargs={"name": "label_text", "unique": False})


class Counter(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    value: int = 0


TABLES = [model.__table__ for model in (Brand, Product, Counter)]  # type: ignore[attr-defined]
