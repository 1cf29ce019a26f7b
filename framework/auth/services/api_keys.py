"""API keys: by which a user's own programs act for them."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from framework.auth.models import ApiKey
from framework.auth.secrets import digest
from framework.auth.services.audit import Audit
from framework.auth.settings import AuthSettings
from framework.db import Session, col, select
from framework.errors import Conflict, Invalid, NotFound
from framework.services import service
from framework.users import UserBase

__all__ = ["EVERYTHING", "ApiKeys", "NewKey"]

EVERYTHING = "*"
"""The scope of a key for all that its user may do."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key, and what its program sends. The latter is told once and stored nowhere."""

    key: ApiKey
    secret: str = field(repr=False)


@service
class ApiKeys:
    """Makes, lists and revokes API keys."""

    def __init__(self, session: Session, audit: Audit, settings: AuthSettings) -> None:
        self._session = session
        self._audit = audit
        self._settings = settings.keys

    async def create(
        self, user: UserBase, name: str, *, scopes: Collection[str] | None = None, expires_at: datetime | None = None
    ) -> NewKey:
        """Return a new key of a user's, good for `scopes`, or with `None` for all that the user may do.

        Raises `Invalid` for a time that is over or too far off, and `Conflict` when the user has too many keys.
        """
        expires_at = self._checked(expires_at)
        if len(await self.all(user)) >= self._settings.most:
            raise Conflict("key", detail=f"You have {self._settings.most} keys, which is as many as you may have.")
        prefix = f"{self._settings.prefix}_{secrets.token_hex(4)}"
        secret = f"{prefix}_{secrets.token_hex(24)}"
        key = ApiKey(
            user_id=user.id,
            name=name,
            prefix=prefix,
            hash=digest(secret),
            scopes=[EVERYTHING] if scopes is None else sorted(set(scopes)),
            expires_at=expires_at,
        )
        self._session.add(key)
        await self._session.flush()
        await self._audit.record("key.created", user=user, details={"prefix": prefix, "scopes": key.scopes})
        return NewKey(key, secret)

    async def all(self, user: UserBase) -> list[ApiKey]:
        """Return the keys of a user that have not been revoked, the newest first; expired ones too."""
        statement = select(ApiKey).where(col(ApiKey.user_id) == user.id, col(ApiKey.revoked_at).is_(None))
        return list(await self._session.exec(statement.order_by(col(ApiKey.id).desc())))

    async def revoke(self, user: UserBase, id_: UUID) -> None:
        """Revoke a key of a user's; raise `NotFound` when there is no such key."""
        key = await self._session.get(ApiKey, id_)
        if key is None or key.user_id != user.id or key.revoked_at is not None:
            raise NotFound("key")
        await self._revoke(user, key)

    async def revoke_all(self, user: UserBase) -> int:
        """Revoke all keys of a user's, and return how many that were."""
        keys = await self.all(user)
        for key in keys:
            await self._revoke(user, key)
        return len(keys)

    async def password_changed(self, user: UserBase) -> int:
        """Revoke the keys of a user who has a new password, if keys end with it; return how many there still are."""
        if self._settings.end_with_password:
            await self.revoke_all(user)
        return len(await self.all(user))

    async def _revoke(self, user: UserBase, key: ApiKey) -> None:
        key.revoked_at = datetime.now(UTC)
        await self._audit.record("key.revoked", user=user, details={"prefix": key.prefix})

    def _checked(self, expires_at: datetime | None) -> datetime | None:
        now, longest = datetime.now(UTC), self._settings.longest_ttl
        if expires_at is not None and expires_at <= now:
            raise Invalid("key", fields={"expires_at": "This is over already."})
        if longest is None:
            return expires_at
        latest = now + timedelta(seconds=longest)
        if expires_at is not None and expires_at > latest:
            raise Invalid("key", fields={"expires_at": f"A key is good for {longest} seconds at most."})
        return expires_at or latest
