"""Sessions in the cache."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

from framework.auth.models import Login
from framework.auth.sessions.store import LoginStore
from framework.auth.settings import SessionSettings
from framework.cache import Cache

__all__ = ["CachedLogins", "sessions_in"]

LOCKED, PATIENCE = 10.0, 5.0
"""Seconds that a lock outlives a process that died with it, and that others wait for it."""

Index = dict[str, str]
"""The sessions of a user: the hash of the secret by the id of the login."""


def sessions_in(cache: Cache, settings: SessionSettings) -> "CachedLogins | None":
    """Return the store in the cache, if the settings want it."""
    return CachedLogins(cache, settings) if settings.store == "cache" else None


class CachedLogins(LoginStore):
    """Sessions as values of the cache, and an index of them for each user.

    A session is one as long as its user's index holds it, so what ends it is one change of one value, made under a
    lock. Whatever the cache loses logs somebody out; it lets nobody in. While its server does not answer, `Unavailable`
    is raised: nobody is told that they are logged out.
    """

    def __init__(self, cache: Cache, settings: SessionSettings) -> None:
        self._cache = cache
        self._settings = settings

    async def add(self, login: Login) -> None:
        """Keep a new login."""
        async with self._index(login.user_id) as index:
            await self._write(login, index)

    async def find(self, secret_hash: str) -> Login | None:
        """Return the session whose secret has this hash, or `None`."""
        if (login := await self._read(secret_hash)) is not None:
            index = await self._cache.get(index_key(login.user_id), Index, Index())
            if index.get(str(login.id)) == secret_hash:
                return login
        # Reading finds nothing, too, while the server is away; this raises then.
        await self._cache.touch(use_key(secret_hash), ttl=self._settings.idle_ttl)
        return None

    async def all(self, user_id: int) -> list[Login]:
        """Return the logins of a user, the one used last first."""
        index = await self._cache.get(index_key(user_id), Index, Index())
        found = [await self._read(hash_) for hash_ in index.values()]
        return sorted((login for login in found if login), key=lambda login: login.used_at, reverse=True)

    async def renew(self, login: Login, secret_hash: str) -> bool:
        """Let another secret stand for a session from now on; tell whether it was still there."""
        async with self._index(login.user_id) as index:
            if login.secret_hash is None or index.get(str(login.id)) != login.secret_hash:
                return False
            await self._forget(login.secret_hash)
            login.secret_hash, login.used_at = secret_hash, datetime.now(UTC)
            await self._write(login, index)
        return True

    async def end(self, user_id: int, id_: UUID) -> bool:
        """End a login of a user; tell whether there was one."""
        async with self._index(user_id) as index:
            if (hash_ := index.pop(str(id_), None)) is None:
                return False
            await self._forget(hash_)
        return True

    async def end_all(self, user_id: int, *, but: UUID | None = None) -> int:
        """End all logins of a user except one, and return how many."""
        async with self._index(user_id) as index:
            ended = [id_ for id_ in index if id_ != str(but)]
            await self._forget(*(index.pop(id_) for id_ in ended))
        return len(ended)

    async def used(self, login: Login) -> None:
        """Note that a session is used now; without that it ends when it has been idle for long enough."""
        if login.secret_hash is not None:
            now = datetime.now(UTC).isoformat()
            await self._cache.set(use_key(login.secret_hash), now, str, ttl=self._settings.idle_ttl)

    async def _read(self, secret_hash: str) -> Login | None:
        keys = session_key(secret_hash), use_key(secret_hash)
        found = await self._cache.get_many(keys)
        if len(found) < len(keys):
            return None
        stored, used_at = (found[key] for key in keys)
        login = Login.model_validate({**stored, "secret_hash": secret_hash, "used_at": used_at})
        return login if login.expires_at > datetime.now(UTC) else None

    async def _write(self, login: Login, index: Index) -> None:
        if login.secret_hash is None:
            raise ValueError("a session without a secret")
        left = max(1.0, (login.expires_at - datetime.now(UTC)).total_seconds())
        await self._cache.set(session_key(login.secret_hash), login.model_dump(mode="json"), ttl=left)
        await self.used(login)
        index[str(login.id)] = login.secret_hash

    async def _forget(self, *hashes: str) -> None:
        await self._cache.delete_many(key for hash_ in hashes for key in (session_key(hash_), use_key(hash_)))

    @asynccontextmanager
    async def _index(self, user_id: int) -> AsyncGenerator[Index]:
        """Change the index of a user, which nobody else does meanwhile."""
        key = index_key(user_id)
        async with self._cache.lock(f"auth:sessions:{user_id}", ttl=LOCKED, wait=PATIENCE):
            index = await self._cache.get(key, Index, Index())
            yield index
            await self._cache.set(key, index, Index, ttl=self._settings.ttl)


def session_key(secret_hash: str) -> str:
    return f"auth:session:{secret_hash}"


def use_key(secret_hash: str) -> str:
    return f"auth:used:{secret_hash}"


def index_key(user_id: int) -> str:
    return f"auth:sessions:{user_id}"
