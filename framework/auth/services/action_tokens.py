"""Tokens that are sent by mail and prove, once, that somebody reads it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, update

from framework.auth.models import ActionToken
from framework.auth.secrets import digest, new_secret
from framework.db import ReadSession, Session, col, select
from framework.errors import Invalid
from framework.services import service
from framework.users import UserBase

__all__ = ["ActionTokens"]


@service
class ActionTokens:
    """Issues tokens for mails, and takes each once, for what it was made for, while it is good. Stores hashes only."""

    def __init__(self, session: Session, reading: ReadSession) -> None:
        self._session = session
        self._reading = reading

    async def issue(
        self,
        purpose: str,
        email: str,
        *,
        ttl: float,
        user: UserBase | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> str:
        """Return a new token, to be sent to `email` and good for `ttl` seconds. Earlier ones stay as they are."""
        secret = new_secret()
        self._session.add(
            ActionToken(
                purpose=purpose,
                user_id=user.id if user else None,
                email=email,
                hash=digest(secret),
                data=dict(data or {}),
                expires_at=datetime.now(UTC) + timedelta(seconds=ttl),
            )
        )
        await self._session.flush()
        return secret

    async def peek(self, purpose: str, token: str) -> ActionToken:
        """Return what a good token was made for, to look at, and leave it good; raise `Invalid` for any other."""
        return good((await self._reading.exec(select(ActionToken).where(*is_good(purpose, token)))).one_or_none())

    async def use(self, purpose: str, token: str) -> ActionToken:
        """Use a token up, and return what it was made for; raise `Invalid` (`link_invalid`) for one that is not good.

        What it brought along is no longer in the table. A transaction that is rolled back leaves it good.
        """
        # One statement decides who uses it: of any number at once, one finds it unused.
        statement = (
            update(ActionToken)
            .where(*is_good(purpose, token))
            .values(used_at=datetime.now(UTC))
            .returning(ActionToken)
            .execution_options(populate_existing=True)
        )
        found = good((await self._session.scalars(statement)).one_or_none())
        used = found.model_copy()
        found.data = {}
        return used

    async def revoke(self, user: UserBase) -> None:
        """Make every token of a user worthless."""
        await self._session.execute(
            update(ActionToken)
            .where(col(ActionToken.user_id) == user.id, col(ActionToken.used_at).is_(None))
            .values(used_at=datetime.now(UTC))
        )

    async def clear(self) -> int:
        """Delete the tokens whose time is over, and return how many."""
        over = col(ActionToken.expires_at) <= datetime.now(UTC)
        found = await self._session.scalars(delete(ActionToken).where(over).returning(col(ActionToken.id)))
        return len(found.all())


def is_good(purpose: str, token: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a token for `purpose` meets while it can be used."""
    return (
        col(ActionToken.hash) == digest(token),
        col(ActionToken.purpose) == purpose,
        col(ActionToken.used_at).is_(None),
        col(ActionToken.expires_at) > datetime.now(UTC),
    )


def good(found: ActionToken | None) -> ActionToken:
    """Return the token, or raise the one error for a token that is unknown, used, expired or for something else."""
    if found is None:
        raise bad_link()
    return found


def bad_link() -> Invalid:
    """Return the error for a link that does nothing."""
    problem = "The link is not valid any more. Ask for a new one."
    return Invalid("link", detail=problem, fields={"token": problem}, code="link_invalid")
