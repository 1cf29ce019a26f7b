from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, LargeBinary

from framework.db import Field, Model, UUIDKeyed


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Maker(UUIDKeyed, table=True):
    name: str = Field(max_length=4, unique=True)


class Thing(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    shelf_id: int = Field(foreign_key="goods.Place.id")
    parent_id: int | None = Field(default=None, foreign_key="goods.Thing.id")
    maker_id: UUID = Field(foreign_key="goods.Maker.id", unique=True)
    flag: bool
    raw: bytes = Field(sa_type=LargeBinary, unique=True)
    day: date = Field(unique=True)
    moment: datetime = Field(unique=True)
    hour: time = Field(unique=True)
    length: timedelta = Field(unique=True)
    price: Decimal = Field(max_digits=2, decimal_places=2, unique=True)
    number: int = Field(unique=True)
    ratio: float = Field(unique=True)
    label: str = Field(max_length=200, unique=True)
    text: str = Field(unique=True)
    token: UUID = Field(unique=True)
    colour: Colour
    data: dict[str, Any] = Field(sa_type=JSON)
    stock: int = 7


class Place(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    maker_id: UUID = Field(foreign_key="goods.Maker.id")


class Hen(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    egg_id: int = Field(foreign_key="goods.Egg.id")


class Egg(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    hen_id: int | None = Field(default=None, foreign_key="goods.Hen.id")
    egg_id: int = Field(foreign_key="goods.Egg.id")
