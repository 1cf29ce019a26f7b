from typing import Any

from sqlalchemy import JSON

from framework.db import Field, Model, Relationship
from framework.users import UserBase


class Member(UserBase, table=True):
    """Someone with preferences."""

    preferences: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class Club(Model, table=True):
    id: int = Field(default=None, primary_key=True)


class Regular(UserBase, table=True):
    """Someone whose club is read along."""

    club_id: int | None = Field(default=None, foreign_key="club.Club.id")
    club: Club | None = Relationship(sa_relationship_kwargs={"lazy": "selectin"})
