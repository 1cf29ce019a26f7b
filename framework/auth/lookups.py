"""How the caller is found: one statement for each kind of credentials, built once a project."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select

from framework.auth.models import ApiKey, Login
from framework.auth.user_rows import UserRows
from framework.db import ReadSession
from framework.users import UserBase

__all__ = ["Found", "Lookups"]


class Found(NamedTuple):
    """The columns of an active user, and what the database knows of the login or key they came by."""

    values: Sequence[Any]
    user_id: int
    id: UUID | None = None
    used_at: datetime | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    scopes: list[str] | None = None


class Lookups:
    """The statements for one class of users. Each joins the user, so that one is enough for a request."""

    # Of columns, not of models: loading a model costs as much again as all the rest.

    def __init__(self, model: type[UserBase]) -> None:
        self.rows = UserRows(model)
        self._users: Any = table_of(model)
        self._logins: Any = table_of(Login)
        self._keys: Any = table_of(ApiKey)

    async def token(self, reading: ReadSession, login_id: UUID, user_id: int) -> Found | None:
        """Return what is known of a login that a token names."""
        return await self._ask(reading, self._by_login, {"login_id": login_id, "of_user": user_id})

    async def session(self, reading: ReadSession, secret_hash: str) -> Found | None:
        """Return what is known of a session by its secret."""
        return await self._ask(reading, self._by_secret, {"hash": secret_hash})

    async def key(self, reading: ReadSession, prefix: str, hash_: str) -> Found | None:
        """Return what is known of an API key."""
        return await self._ask(reading, self._by_key, {"begins": prefix, "hash": hash_})

    async def user(self, reading: ReadSession, user_id: int) -> Found | None:
        """Return a user alone."""
        return await self._ask(reading, self._by_id, {"of_user": user_id})

    async def _ask(self, reading: ReadSession, statement: Any, values: Mapping[str, Any]) -> Found | None:
        rows = await reading.fetch(statement, values)
        if not rows:
            return None
        count = len(self.rows.columns)
        return Found(rows[0][:count], *rows[0][count:])

    @cached_property
    def _by_login(self) -> Any:
        logins = self._logins.c
        return self._of_login().where(logins.id == bindparam("login_id"), logins.user_id == bindparam("of_user"))

    @cached_property
    def _by_secret(self) -> Any:
        return self._of_login().where(self._logins.c.secret_hash == bindparam("hash"))

    @cached_property
    def _by_key(self) -> Any:
        keys = self._keys.c
        columns = (keys.id, keys.used_at, keys.expires_at, keys.revoked_at, keys.scopes)
        statement = self._of_user(*columns).join(self._keys, keys.user_id == self._users.c.id)
        return statement.where(keys.prefix == bindparam("begins"), keys.hash == bindparam("hash"))

    @cached_property
    def _by_id(self) -> Any:
        return self._of_user().where(self._users.c.id == bindparam("of_user"))

    def _of_login(self) -> Any:
        logins = self._logins.c
        columns = (logins.id, logins.used_at, logins.expires_at, logins.ended_at)
        return self._of_user(*columns).join(self._logins, logins.user_id == self._users.c.id)

    def _of_user(self, *columns: Any) -> Any:
        users = self._users
        return select(*self.rows.columns, users.c.id, *columns).select_from(users).where(users.c.is_active)


def table_of(model: Any) -> Any:
    """Return the table of a model."""
    return model.__table__
