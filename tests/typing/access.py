"""Access rules and policies, as mypy and pyright read them. Run by the checkers only."""

from __future__ import annotations

from typing import Annotated, assert_type

from fastapi import APIRouter
from sqlalchemy import ColumnElement
from sqlmodel.sql.expression import SelectOfScalar
from starlette.requests import HTTPConnection

from framework.auth import Access, LoggedIn, LoginRequired, Policy, Public, Require, Scopes, StaffRequired
from framework.db import Field, Model, col, select
from framework.users import UserBase
from framework.users.models import User
from framework.web import Inject, Rule


class Leaf(Model, table=True):
    __tablename__ = "leaves"

    id: int = Field(default=None, primary_key=True)
    author_id: int


class LeafPolicy(Policy[Leaf]):
    def __init__(self, access: Access) -> None:
        self.access = access

    def change_where(self, user: User) -> ColumnElement[bool]:
        return col(Leaf.author_id) == user.id

    async def publish(self, user: User, leaf: Leaf) -> bool:
        return await self.access.has(user, "leaves.view_leaf")


class Early(LoggedIn):
    async def __call__(self, connection: HTTPConnection) -> UserBase:
        return (await self.identity(connection)).user


access: Rule = LoginRequired
router = APIRouter(dependencies=[StaffRequired, Scopes("leaves:read")])


@router.get("/leaves", dependencies=[Public, Require("leaves.view_leaf"), Early("six")])
async def leaves(user: Annotated[User, LoginRequired], access: Inject[Access]) -> None:
    statement = await access.filter(user, "change", select(Leaf))
    assert_type(statement, SelectOfScalar[Leaf])
    assert_type(await access.permissions(user), frozenset[str])
    assert_type(await access.allows(None, "view", Leaf), bool)
    await access.require(user, "change", Leaf(author_id=1))
