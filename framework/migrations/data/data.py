"""Work on rows in a migration: what its `data()` and `undo_data()` are given."""

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from framework.migrations.data.batches import Batches
from framework.migrations.database.lock import Tell
from framework.migrations.recorder.progress import Progress
from framework.migrations.schema.table import key_of
from framework.migrations.state.state import State

__all__ = ["Data", "SyncData"]

type Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class SyncData:
    """What a plain `def data(migration: SyncData)` is given: the tables as they are at this point of the history."""

    def __init__(self, connection: sa.Connection, state: State, progress: Progress | None, tell: Tell) -> None:
        self.connection = connection
        """The connection of the migration; the transaction is not yours to end."""
        self.state = state
        self.progress = progress
        self.tell = tell
        self.loops = 0

    @cached_property
    def metadata(self) -> sa.MetaData:
        """All tables, of every app."""
        return self.state.metadata()

    def table(self, name: str, schema: str | None = None) -> sa.Table:
        """Return a table by its name in the database, `"blog_post"`, with the columns it has at this point.

        Raises `StateError` when there is none: a later migration makes it, or `depends_on` is missing.
        """
        return self.metadata.tables[self.state[key_of(name, schema)].key]

    def execute(self, statement: sa.Executable, parameters: Parameters | None = None) -> sa.CursorResult[Any]:
        """Send one statement; with a list of parameters once for each."""
        return self.connection.execute(statement, parameters)

    def batches[*Ts](self, select: sa.Select[*Ts], *, size: int = 1000) -> Generator[Sequence[sa.Row[*Ts]]]:
        """Yield the rows of `select` in lists of `size`, in order of the primary key, which has to be among them.

        Where the file says `transactional = False`, all that was done with a list is committed before the next is
        read, and an interrupted run continues after the last. Each list is a query of its own, so rows may change.
        """
        batches = self.loop(select, size)
        while rows := batches.advance():
            yield rows

    def loop(self, select: sa.Select[*tuple[Any, ...]], size: int) -> Batches:
        """Return a new loop; they are counted, for a later run must know them again."""
        self.loops += 1
        return Batches(self.connection, select, size, self.loops, self.progress, self.tell)


class Data:
    """What an `async def data(migration: Data)` is given: the tables as they are at this point of the history."""

    def __init__(self, connection: AsyncConnection, sync: SyncData) -> None:
        self.connection = connection
        """The connection of the migration; the transaction is not yours to end."""
        self.sync = sync

    def table(self, name: str, schema: str | None = None) -> sa.Table:
        """Return a table by its name in the database, `"blog_post"`, with the columns it has at this point.

        Raises `StateError` when there is none: a later migration makes it, or `depends_on` is missing.
        """
        return self.sync.table(name, schema)

    async def execute(self, statement: sa.Executable, parameters: Parameters | None = None) -> sa.CursorResult[Any]:
        """Send one statement; with a list of parameters once for each."""
        return await self.connection.execute(statement, parameters)

    async def batches[*Ts](self, select: sa.Select[*Ts], *, size: int = 1000) -> AsyncGenerator[Sequence[sa.Row[*Ts]]]:
        """Yield the rows of `select` in lists of `size`, in order of the primary key, which has to be among them.

        Where the file says `transactional = False`, all that was done with a list is committed before the next is
        read, and an interrupted run continues after the last. Each list is a query of its own, so rows may change.
        """
        batches = self.sync.loop(select, size)
        while rows := await self.connection.run_sync(lambda _: batches.advance()):
            yield rows
