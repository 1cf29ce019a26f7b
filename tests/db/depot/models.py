"""Models with every kind of constraint."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, UniqueConstraint, func, text

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
    price: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    serial: str = Field(sa_column=Column("serial_number", String(20), unique=True, index=True, nullable=False))


class Category(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    title: str
    parent_id: int | None = Field(default=None, foreign_key="depot.Category.id")


Index("uq_depot_category_lower_title", func.lower(Category.title), unique=True)


class Receipt(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    product_id: int = Field(
        sa_column=Column(Integer, ForeignKey("depot_product.id", deferrable=True, initially="DEFERRED"), nullable=False)
    )


class Passport(Model, table=True):
    """Its constraint has a name longer than PostgreSQL keeps."""

    id: int = Field(default=None, primary_key=True)
    number_in_the_register_of_the_issuing_country_or_territory: str = Field(unique=True)


class Counter(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    value: int = 0


TABLES = [model.__table__ for model in (Brand, Product, Category, Receipt, Passport, Counter)]  # type: ignore[attr-defined]
