"""When logins and keys were last used: noted at most once a minute, and never by the request itself."""

import asyncio
import logging
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from framework.auth.models import ApiKey, Login
from framework.db import Session, col, select

if TYPE_CHECKING:
    from framework.project import Project

__all__ = ["Uses", "is_due"]

log = logging.getLogger("framework.auth")

EVERY = timedelta(minutes=1)
MOST = 10_000


class Uses:
    """Writes down when logins and keys were used. One for the whole project.

    A request that only reads stays one that only reads: what is noted waits in memory, and one task writes it soon
    after, many at a time. What cannot be written is dropped, for the next use is noted again.
    """

    def __init__(self, project: "Project") -> None:
        self._project = project
        self._waiting: dict[tuple[type[Login] | type[ApiKey], UUID], datetime] = {}
        self._task: asyncio.Task[None] | None = None

    def note(self, model: type[Login] | type[ApiKey], id_: UUID, used_at: datetime | None) -> bool:
        """Note that a row is used now, unless `used_at`, which it has, is less than a minute ago; tell whether."""
        now = datetime.now(UTC)
        if not is_due(used_at, now) or len(self._waiting) >= MOST:
            return False
        self._waiting.setdefault((model, id_), now)
        if self._task is None or self._task.done():
            # Nothing of the request that is at hand: neither its id nor its unit of work.
            self._task = asyncio.get_running_loop().create_task(self._work(), context=Context())
        return True

    async def settled(self) -> None:
        """Wait until all that was noted is written, or given up."""
        while self._task is not None and not self._task.done():
            await asyncio.wait((self._task,))

    async def _work(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, {}
            try:
                await self._write(waiting)
            except Exception:
                log.warning("The last use of %d logins and keys could not be noted.", len(waiting), exc_info=True)

    async def _write(self, waiting: dict[tuple[type[Login] | type[ApiKey], UUID], datetime]) -> None:
        async with self._project.scope() as scope:
            session = await scope.get(Session)
            for model in (Login, ApiKey):
                used = {id_: at for (kind, id_), at in waiting.items() if kind is model}
                if not used:
                    continue
                # Row by row: so whoever watches the changes of the database learns which they were.
                statement = select(model).where(col(model.id).in_(used)).order_by(col(model.id)).with_for_update()
                for row in await session.exec(statement):
                    if is_due(row.used_at, used[row.id]):  # or another process was first
                        row.used_at = used[row.id]


def is_due(used_at: datetime | None, now: datetime) -> bool:
    """Tell whether a use is worth writing down."""
    return used_at is None or now - used_at >= EVERY
