"""The audit: security events, in the table and in the log."""

import logging
from collections.abc import Mapping
from typing import Any

from framework.auth.client import current_client
from framework.auth.events import EventWriter
from framework.auth.logins import storable
from framework.auth.models import SecurityEvent
from framework.auth.settings import AuthSettings
from framework.context import request_id
from framework.db import Session
from framework.services import service
from framework.users import UserBase

__all__ = ["Audit"]

log = logging.getLogger("framework.auth.security")


@service
class Audit:
    """Records what happens to accounts, with the client and the request at hand."""

    def __init__(self, session: Session, writer: EventWriter, settings: AuthSettings) -> None:
        self._session = session
        self._writer = writer
        self._store = settings.audit.store

    async def record(
        self,
        kind: str,
        *,
        user: UserBase | None = None,
        login: str = "",
        details: Mapping[str, Any] | None = None,
        apart: bool | None = None,
    ) -> None:
        """Record an event: `"password.changed"`. `login` is what was typed, the user's when left out.

        It is stored with what the scope's transaction changes, and is not when that is rolled back. One that stands
        `apart` is stored whatever becomes of the transaction, soon, in one of its own; that is what happens to kinds
        that end in `.failed` or `.refused`.
        """
        other = current_client.get()
        event = SecurityEvent(
            kind=kind,
            user_id=user.id if user else None,
            login=storable(login or (user.email if user else ""))[:254],
            client=storable(other.address)[:64],
            user_agent=storable(other.user_agent)[:400],
            request_id=(request_id.get() or "")[:128],
            details=dict(details or {}),
        )
        if kind.endswith((".failed", ".refused")) if apart is None else apart:
            say(event, logging.WARNING)
            if self._store:
                self._writer.put(event)
            return
        self._session.on_commit(lambda: say(event, logging.INFO))
        if self._store:
            self._session.add(event)

    async def settled(self) -> None:
        """Wait until the events that stand apart are stored. Not within a transaction: on SQLite they wait for it."""
        await self._writer.settled()


def say(event: SecurityEvent, level: int) -> None:
    """Write an event to the log. What a stranger typed is quoted, so that it begins no line of its own."""
    extra = {"kind": event.kind, "user_id": event.user_id, "login": event.login, "details": event.details}
    if event.client:
        extra["client"] = event.client
    log.log(level, "%s: user %s, login %r", event.kind, event.user_id, event.login, extra=extra)
