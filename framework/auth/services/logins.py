"""Logins: the devices a user is logged in on, by a browser's session or by tokens."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import and_, delete, or_

from framework.auth.client import current_client
from framework.auth.models import Login, RefreshToken
from framework.auth.secrets import digest, new_secret
from framework.auth.services.audit import Audit
from framework.auth.sessions.cached import sessions_in
from framework.auth.sessions.database import DatabaseLogins
from framework.auth.sessions.store import LoginStore
from framework.auth.settings import AuthSettings
from framework.cache import Cache
from framework.db import ReadSession, Session, col, select
from framework.errors import NotFound, Unauthenticated
from framework.services import service
from framework.users import UserBase

__all__ = ["Cleared", "Logins", "StartedSession"]

NO_SYNC = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class StartedSession:
    """A session, and the secret that stands for it: what the browser's cookie holds."""

    login: Login
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cleared:
    """How much was deleted."""

    logins: int
    tokens: int


@service
class Logins:
    """Starts, lists and ends logins. All of a user's devices are here, whichever way they logged in."""

    def __init__(
        self, session: Session, reading: ReadSession, cache: Cache, audit: Audit, settings: AuthSettings
    ) -> None:
        self._session = session
        self._settings = settings
        self._audit = audit
        self._tokens: LoginStore = DatabaseLogins(session, reading)
        self._sessions: LoginStore = sessions_in(cache, settings.sessions) or self._tokens

    async def start_session(self, user: UserBase, *, instead_of: str | None = None) -> StartedSession:
        """Log a browser in. The secret is always new, and a session that the browser had before ends.

        So nobody can plant a session in somebody's browser and find it logged in afterwards.
        """
        if instead_of is not None:
            await self.end_session(instead_of)
        secret = new_secret()
        login = self._new(user, "session", self._settings.sessions.ttl)
        login.secret_hash = digest(secret)
        await self._sessions.add(login)
        await self._audit.record("login", user=user, details={"kind": "session"})
        return StartedSession(login, secret)

    async def start_family(self, user: UserBase, *, scope: str | None = None) -> Login:
        """Log a program in: the login that `Tokens` makes tokens for."""
        login = self._new(user, "token", self._settings.tokens.login_ttl)
        login.scope = scope
        await self._tokens.add(login)
        await self._audit.record("login", user=user, details={"kind": "token"})
        return login

    async def find_session(self, secret: str) -> Login | None:
        """Return the session that a secret stands for, or `None` when it has ended or never was."""
        login = await self._sessions.find(digest(secret))
        idle = timedelta(seconds=self._settings.sessions.idle_ttl)
        return None if login is None or login.used_at + idle <= datetime.now(UTC) else login

    async def renew_session(self, secret: str) -> StartedSession:
        """Let a new secret stand for a session: after whatever gives its user more rights than before.

        The old one is worthless from then on. Raises `Unauthenticated` when the session has ended.
        """
        login = await self.find_session(secret)
        fresh = new_secret()
        if login is None or not await self._sessions.renew(login, digest(fresh)):
            raise Unauthenticated("expired")
        return StartedSession(login, fresh)

    async def end_session(self, secret: str) -> bool:
        """End the session that a secret stands for; tell whether there was one."""
        login = await self._sessions.find(digest(secret))
        return login is not None and await self._sessions.end(login.user_id, login.id)

    async def all(self, user: UserBase) -> list[Login]:
        """Return the devices on which a user is logged in, the one used last first."""
        idle = datetime.now(UTC) - timedelta(seconds=self._settings.sessions.idle_ttl)
        found = [login for store in self._stores for login in await store.all(user.id)]
        alive = [login for login in found if login.kind == "token" or login.used_at > idle]
        return sorted(alive, key=lambda login: login.used_at, reverse=True)

    async def end(self, user: UserBase, id_: UUID) -> None:
        """Log one device of a user out; raise `NotFound` when the user has no such login, or it has ended."""
        for store in self._stores:
            if await store.end(user.id, id_):
                await self._audit.record("logout", user=user, details={"login": str(id_)})
                return
        raise NotFound("login")

    async def end_all(self, user: UserBase, *, but: UUID | None = None) -> int:
        """Log all devices of a user out, except the login `but`; return how many that were."""
        ended = [await store.end_all(user.id, but=but) for store in self._stores]
        if sum(ended):
            await self._audit.record("logout.all", user=user, details={"count": sum(ended)})
        return sum(ended)

    async def clear(self) -> Cleared:
        """Delete what has ended or expired, of all users. What the cache holds goes by itself."""
        now = datetime.now(UTC)
        idle = now - timedelta(seconds=self._settings.sessions.idle_ttl)
        is_idle = and_(col(Login.kind) == "session", col(Login.used_at) <= idle)
        ended = or_(col(Login.ended_at).is_not(None), col(Login.expires_at) <= now, is_idle)
        # First the tokens: those of a login that goes would go uncounted.
        of_ended = col(RefreshToken.login_id).in_(select(Login.id).where(ended))
        tokens = await self._session.execute(
            delete(RefreshToken).where(or_(col(RefreshToken.expires_at) <= now, of_ended)), execution_options=NO_SYNC
        )
        logins = await self._session.execute(delete(Login).where(ended), execution_options=NO_SYNC)
        return Cleared(count_of(logins), count_of(tokens))

    @property
    def _stores(self) -> tuple[LoginStore, ...]:
        return (self._tokens,) if self._sessions is self._tokens else (self._tokens, self._sessions)

    def _new(self, user: UserBase, kind: Literal["session", "token"], ttl: float) -> Login:
        client = current_client.get()
        return Login(
            user_id=user.id,
            kind=kind,
            expires_at=datetime.now(UTC) + timedelta(seconds=ttl),
            user_agent=printable(client.user_agent)[:400],
            client=printable(client.address)[:64],
        )


def count_of(result: Any) -> int:
    """Return how many rows a statement changed."""
    return result.rowcount


def printable(text: str) -> str:
    """Return the text without what no database takes."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
