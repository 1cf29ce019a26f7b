"""Writes security events beside the transactions that they tell of, in a task of its own."""

import asyncio
import logging
from collections import deque
from contextvars import Context
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from framework.auth.models import SecurityEvent
from framework.db import Session
from framework.errors import DomainError, Unavailable

if TYPE_CHECKING:
    from framework.project import Project

__all__ = ["EventWriter"]

log = logging.getLogger("framework.auth")

MOST_WAITING = 5000
BATCH = 200
ATTEMPTS = 5


class EventWriter:
    """Stores the events that outlive the transaction in which they happened. One for the whole project.

    They wait in memory, a bounded number of them, and one task writes them in batches: on SQLite it takes its turn
    after the writer that is at work, and a thousand failed logins are a few transactions. What cannot be stored is
    in the log.
    """

    def __init__(self, project: "Project", *, most_waiting: int = MOST_WAITING, pause: float = 1) -> None:
        self._project = project
        self._most_waiting = most_waiting
        self._pause = pause
        self._waiting: deque[dict[str, Any]] = deque()
        self._task: asyncio.Task[None] | None = None

    def put(self, event: SecurityEvent) -> None:
        """Have `event` stored soon; it is dropped when too many wait."""
        if len(self._waiting) >= self._most_waiting:
            log.error("A security event of kind %r was not stored: %d wait already.", event.kind, len(self._waiting))
            return
        self._waiting.append(event.model_dump())
        if self._task is None or self._task.done():
            # Nothing of the request that is at hand: neither its id nor its unit of work.
            self._task = asyncio.get_running_loop().create_task(self._work(), context=Context())

    async def settled(self) -> None:
        """Wait until all that was put is stored, or given up."""
        while self._task is not None and not self._task.done():
            await asyncio.wait((self._task,))

    async def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            try:
                await self._store(batch)
            except Exception:
                log.exception("%d security events could not be stored.", len(batch))

    async def _store(self, events: list[dict[str, Any]]) -> None:
        try:
            await self._write(events)
        except DomainError:  # one of them is about a user who is gone, or was never stored
            for event in events:
                try:
                    await self._write([event])
                except DomainError:
                    await self._write([event | {"user_id": None}])

    async def _write(self, events: list[dict[str, Any]]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._project.scope() as scope:
                    await (await scope.get(Session)).execute(insert(SecurityEvent), events)
                return
            except Unavailable:
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(self._pause)
