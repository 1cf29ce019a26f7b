"""Tokens: access tokens, which are short-lived, and refresh tokens, which get new ones and are good for one use."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from framework.auth.models import Login, RefreshToken
from framework.auth.secrets import digest, new_secret
from framework.auth.services.attempts import Attempts
from framework.auth.services.audit import Audit
from framework.auth.services.logins import Logins
from framework.auth.sessions.database import is_alive
from framework.auth.settings import AuthSettings
from framework.auth.signing.access import AccessTokens, Claims
from framework.db import Session, col, select
from framework.errors import Unauthenticated
from framework.services import service
from framework.users import UserBase

__all__ = ["TokenPair", "Tokens"]


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a program gets when it logs in, and again whenever it refreshes."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    """Seconds that the access token is good for."""
    scopes: frozenset[str] | None = None
    """What the tokens may be used for; `None` for all that the user may do."""


@service
class Tokens:
    """Issues, refreshes, verifies and revokes tokens.

    Each login has a family of refresh tokens, one after the other. One that comes a second time is in two hands, and
    nobody can tell whose: then the whole family is revoked, the tokens of its last rightful refresh included, and the
    device has to log in again (RFC 9700, section 4.14.2). A client that sends one token twice at once does that to
    itself.
    """

    def __init__(
        self,
        session: Session,
        logins: Logins,
        signed: AccessTokens,
        audit: Audit,
        attempts: Attempts,
        settings: AuthSettings,
        model: type[UserBase],
    ) -> None:
        self._session = session
        self._logins = logins
        self._signed = signed
        self._audit = audit
        self._attempts = attempts
        self._settings = settings.tokens
        self._model = model

    async def issue(self, user: UserBase, *, scopes: Iterable[str] | None = None) -> TokenPair:
        """Log a program in for a user, and return its first tokens; `scopes` narrow what they may be used for."""
        scope = None if scopes is None else " ".join(sorted(set(scopes)))
        login = await self._logins.start_family(user, scope=scope)
        return await self._pair(login)

    async def refresh(self, token: str) -> TokenPair:
        """Take a refresh token and return new tokens for it. It is used up.

        Raises `Unauthenticated` for one that is unknown, expired or used up, or whose login has ended. One that was
        used up ends its login, and that is committed at once, whatever becomes of the scope.
        """
        await self._attempts.refresh()
        hash_ = digest(token)
        now = datetime.now(UTC)
        # One statement decides who uses it: of any number at once, one finds it unused.
        use = (
            update(RefreshToken)
            .where(
                col(RefreshToken.hash) == hash_,
                col(RefreshToken.used_at).is_(None),
                col(RefreshToken.expires_at) > now,
            )
            .values(used_at=now)
            .returning(col(RefreshToken.login_id))
        )
        login_id = (await self._session.scalars(use)).one_or_none()
        if login_id is None:
            raise await self._refused(hash_)
        statement = (
            select(Login)
            .join(self._model, col(self._model.id) == col(Login.user_id))
            .where(col(Login.id) == login_id, col(self._model.is_active), *is_alive())
        )
        login = (await self._session.exec(statement)).one_or_none()
        if login is None:
            raise Unauthenticated("invalid")
        await self._attempts.refresh(login.user_id)
        login.used_at = now
        return await self._pair(login)

    def verify(self, access_token: str) -> Claims:
        """Return what an access token says, or raise `Unauthenticated`.

        It may be of a login that has ended since: `Identities` asks for that.
        """
        return self._signed.verify(access_token)

    async def revoke(self, refresh_token: str) -> bool:
        """End the login that a refresh token is of, and with it all of its tokens; tell whether there was one."""
        statement = (
            select(Login)
            .join(RefreshToken, col(RefreshToken.login_id) == col(Login.id))
            .where(col(RefreshToken.hash) == digest(refresh_token), *is_alive())
        )
        login = (await self._session.exec(statement)).one_or_none()
        if login is None:
            return False
        login.ended_at = datetime.now(UTC)
        return True

    async def _pair(self, login: Login) -> TokenPair:
        secret = new_secret()
        ends = min(datetime.now(UTC) + timedelta(seconds=self._settings.refresh_ttl), login.expires_at)
        self._session.add(RefreshToken(login_id=login.id, hash=digest(secret), expires_at=ends))
        await self._session.flush()
        scopes = None if login.scope is None else frozenset(login.scope.split())
        ends_at = login.expires_at.timestamp()
        access = self._signed.make(login.user_id, login.id, scopes=scopes, ends_at=ends_at)
        left = int(login.expires_at.timestamp() - datetime.now(UTC).timestamp())
        return TokenPair(access, secret, min(self._settings.access_ttl, left), scopes)

    async def _refused(self, hash_: str) -> Unauthenticated:
        """Return the error for a token that could not be used, and end the login of one that was used before."""
        statement = (
            select(RefreshToken, Login)
            .join(Login, col(Login.id) == col(RefreshToken.login_id))
            .where(col(RefreshToken.hash) == hash_)
        )
        found = (await self._session.exec(statement)).one_or_none()
        if found is None:
            return Unauthenticated("invalid")
        token, login = found
        if token.used_at is None:
            return Unauthenticated("expired")
        if login.ended_at is None:
            login.ended_at = datetime.now(UTC)
            user = await self._session.get_one(self._model, login.user_id)
            await self._audit.record("token.reused", user=user, details={"login": str(login.id)})
        await self._session.commit()
        return Unauthenticated("invalid")
