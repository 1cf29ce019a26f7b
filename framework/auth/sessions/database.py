"""Logins in the database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from framework.auth.models import Login
from framework.auth.sessions.store import LoginStore
from framework.db import ReadSession, Session, col, select

__all__ = ["DatabaseLogins", "is_alive"]


def is_alive() -> Sequence[ColumnElement[bool]]:
    """Return the conditions for a login that has not ended."""
    return (col(Login.ended_at).is_(None), col(Login.expires_at) > datetime.now(UTC))


class DatabaseLogins(LoginStore):
    """Logins as rows.

    What changes one goes through the row, not through a statement for many: so whoever watches the changes of the
    database learns which login it was.
    """

    def __init__(self, session: Session, reading: ReadSession) -> None:
        self._session = session
        self._reading = reading

    async def add(self, login: Login) -> None:
        """Keep a new login."""
        self._session.add(login)
        await self._session.flush()

    async def find(self, secret_hash: str) -> Login | None:
        """Return the session whose secret has this hash, or `None`."""
        statement = select(Login).where(col(Login.secret_hash) == secret_hash, *is_alive())
        return (await self._reading.exec(statement)).first()

    async def all(self, user_id: int) -> list[Login]:
        """Return the logins of a user, the one used last first."""
        statement = select(Login).where(col(Login.user_id) == user_id, *is_alive())
        return list(await self._reading.exec(statement.order_by(col(Login.used_at).desc(), col(Login.id).desc())))

    async def renew(self, login: Login, secret_hash: str) -> bool:
        """Let another secret stand for a session from now on; tell whether it was still there."""
        # By the secret it was found by: of several who renew it at once, one finds it.
        rows = await self._to_change(col(Login.id) == login.id, col(Login.secret_hash) == login.secret_hash)
        for row in rows:
            row.secret_hash = secret_hash
            row.used_at = datetime.now(UTC)
        return bool(rows)

    async def end(self, user_id: int, id_: UUID) -> bool:
        """End a login of a user; tell whether there was one."""
        return bool(await self._end(col(Login.user_id) == user_id, col(Login.id) == id_))

    async def end_all(self, user_id: int, *, but: UUID | None = None) -> int:
        """End all logins of a user except one, and return how many."""
        kept = [] if but is None else [col(Login.id) != but]
        return await self._end(col(Login.user_id) == user_id, *kept)

    async def _end(self, *where: Any) -> int:
        rows = await self._to_change(*where)
        for row in rows:
            row.ended_at = datetime.now(UTC)
        await self._session.flush()
        return len(rows)

    async def _to_change(self, *where: Any) -> Sequence[Login]:
        statement = select(Login).where(*where, *is_alive()).order_by(col(Login.id))
        # In one order, so that two who end the same logins wait for each other instead of locking each other out.
        return (await self._session.exec(statement.with_for_update())).all()
