"""How the caller is found: one statement for each kind of credentials, built once a project."""

from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam

from framework.auth.models import ApiKey, Login
from framework.db import ReadSession, col, select
from framework.users import UserBase

__all__ = ["Found", "Lookups"]

select_columns: Any = select  # typed for four columns at most


class Found(NamedTuple):
    """A user, and what is known of the login or key they came by; of one that the cache keeps, nothing."""

    user: UserBase
    id: UUID | None = None
    used_at: datetime | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    scopes: list[str] | None = None


class Lookups:
    """The statements for one class of users. Each joins the user, so that one is enough for a request."""

    def __init__(self, model: type[UserBase]) -> None:
        self._model = model

    async def token(self, reading: ReadSession, login_id: UUID, user_id: int) -> Found | None:
        """Return what is known of a login that a token names."""
        return found(await reading.execute(self._by_login, {"login_id": login_id, "user_id": user_id}))

    async def session(self, reading: ReadSession, secret_hash: str) -> Found | None:
        """Return what is known of a session by its secret."""
        return found(await reading.execute(self._by_secret, {"secret_hash": secret_hash}))

    async def key(self, reading: ReadSession, prefix: str, hash_: str) -> Found | None:
        """Return what is known of an API key."""
        return found(await reading.execute(self._by_key, {"prefix": prefix, "hash": hash_}))

    async def user(self, reading: ReadSession, user_id: int) -> Found | None:
        """Return a user alone."""
        return found(await reading.execute(self._by_id, {"user_id": user_id}))

    # Built once: SQLAlchemy takes a tenth of a millisecond to build a statement and to look it up as one it knows.

    @cached_property
    def _by_login(self) -> Any:
        same = (col(Login.id) == bindparam("login_id"), col(Login.user_id) == bindparam("user_id"))
        return self._of_login().where(*same)

    @cached_property
    def _by_secret(self) -> Any:
        return self._of_login().where(col(Login.secret_hash) == bindparam("secret_hash"))

    @cached_property
    def _by_key(self) -> Any:
        columns = (ApiKey.id, ApiKey.used_at, ApiKey.expires_at, ApiKey.revoked_at, ApiKey.scopes)
        statement = select_columns(self._model, *columns)
        same = (col(ApiKey.prefix) == bindparam("prefix"), col(ApiKey.hash) == bindparam("hash"))
        return statement.join(ApiKey, col(ApiKey.user_id) == col(self._model.id)).where(*same)

    @cached_property
    def _by_id(self) -> Any:
        return select(self._model).where(col(self._model.id) == bindparam("user_id"))

    def _of_login(self) -> Any:
        columns = (Login.id, Login.used_at, Login.expires_at, Login.ended_at)
        statement = select_columns(self._model, *columns)
        return statement.join(Login, col(Login.user_id) == col(self._model.id))


def found(result: Any) -> Found | None:
    """Return the one row of a result, or `None`."""
    row = result.one_or_none()
    return None if row is None else Found(*row)
