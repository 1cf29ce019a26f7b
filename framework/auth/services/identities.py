"""Identities: whose the credentials of a request are."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from framework.auth.identity import Credentials, Identity
from framework.auth.lookups import Found, Lookups
from framework.auth.models import ApiKey, Login
from framework.auth.secrets import digest
from framework.auth.services.api_keys import EVERYTHING
from framework.auth.sessions.cached import CachedLogins, sessions_in
from framework.auth.settings import AuthSettings
from framework.auth.signing.access import AccessTokens
from framework.auth.user_cache import Key, UserCache
from framework.auth.uses import Uses, is_due
from framework.cache import Cache
from framework.db import ReadSession
from framework.errors import Unauthenticated
from framework.services import service
from framework.users import UserBase

__all__ = ["Identities"]

API_KEY = re.compile(r"([a-z0-9]{1,6}_[0-9a-f]{8})_[0-9a-f]{48}")


@service
class Identities:
    """Finds the user behind credentials with one statement, once for each credentials in a scope.

    Whatever ended meanwhile counts: the login, the key, the user's being active.
    """

    def __init__(
        self,
        reading: ReadSession,
        lookups: Lookups,
        remembered: UserCache,
        signed: AccessTokens,
        uses: Uses,
        cache: Cache,
        settings: AuthSettings,
    ) -> None:
        self._reading = reading
        self._remembered = remembered
        self._lookups = lookups
        self._signed = signed
        self._uses = uses
        self._sessions = sessions_in(cache, settings.sessions)
        self._idle = timedelta(seconds=settings.sessions.idle_ttl)
        self._known: dict[Credentials, Identity] = {}

    async def of(self, credentials: Credentials) -> Identity:
        """Return the identity; raise `Unauthenticated` for credentials that are `invalid` or have `expired`."""
        known = self._known.get(credentials)
        if known is None:
            known = self._known[credentials] = await self._find(credentials)
        return known

    async def _find(self, credentials: Credentials) -> Identity:
        if credentials.kind == "token":
            return await self._by_token(credentials.secret)
        if credentials.kind == "session":
            return await self._by_session(credentials.secret)
        return await self._by_key(credentials.secret)

    async def _by_token(self, token: str) -> Identity:
        claims = self._signed.verify(token)
        login_id, user_id = claims.login_id, claims.user_id
        found = await self._ask(
            ("token", login_id, user_id), lambda: self._lookups.token(self._reading, login_id, user_id)
        )
        self._note(Login, found)
        return Identity(await self._user(found), "token", claims.scopes, found.id)

    async def _by_session(self, secret: str) -> Identity:
        hash_ = digest(secret)
        if self._sessions is not None:
            return await self._by_cached_session(self._sessions, hash_)
        found = await self._ask(("session", hash_), lambda: self._lookups.session(self._reading, hash_))
        if found.used_at is not None and found.used_at + self._idle <= datetime.now(UTC):
            raise Unauthenticated("expired")
        self._note(Login, found)
        return Identity(await self._user(found), "session", None, found.id)

    async def _by_cached_session(self, sessions: CachedLogins, hash_: str) -> Identity:
        login = await sessions.find(hash_)
        if login is None:
            raise Unauthenticated("invalid")
        found = await self._ask(("user", login.user_id), lambda: self._lookups.user(self._reading, login.user_id))
        if is_due(login.used_at, datetime.now(UTC)):
            await sessions.used(login)
        return Identity(await self._user(found), "session", None, login.id)

    async def _by_key(self, key: str) -> Identity:
        match = API_KEY.fullmatch(key)
        if match is None:
            raise Unauthenticated("invalid")
        hash_ = digest(key)
        found = await self._ask(("key", hash_), lambda: self._lookups.key(self._reading, match[1], hash_))
        self._note(ApiKey, found)
        scopes = frozenset(found.scopes or ())
        return Identity(await self._user(found), "key", None if EVERYTHING in scopes else scopes)

    def _note(self, model: type[Login] | type[ApiKey], found: Found) -> None:
        if found.id is not None:
            self._uses.note(model, found.id, found.used_at)

    async def _ask(self, key: Key, read: Callable[[], Awaitable[Found | None]]) -> Found:
        """Return what the cache remembers, or else the database knows, unless it is good for nothing any more."""
        cache = self._remembered
        if not cache.is_on or self._reading.sees_uncommitted:
            return checked(await read())
        found = cache.find(key)
        if found is None:
            moment = cache.moment
            found = checked(await read())
            cache.remember(key, found, moment)
        return checked(found)

    async def _user(self, found: Found) -> UserBase:
        rows = self._lookups.rows
        if rows.are_plain:
            return rows.make(found.values, self._reading)
        return await self._reading.get_one(rows.model, found.user_id)


def checked(found: Found | None) -> Found:
    """Return what was found, unless it is good for nothing any more."""
    if found is None or found.ended_at is not None:
        raise Unauthenticated("invalid")
    if found.expires_at is not None and found.expires_at <= datetime.now(UTC):
        raise Unauthenticated("expired")
    return found
