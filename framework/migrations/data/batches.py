"""Goes through a table in order of its key, a list of rows at a time."""

from collections.abc import Sequence
from time import monotonic
from typing import Any

import sqlalchemy as sa

from framework.errors import FrameworkError
from framework.migrations.data.cursor import from_text, to_text
from framework.migrations.database.lock import Tell
from framework.migrations.recorder.progress import Progress

__all__ = ["Batches"]

SILENCE = 2.0
"""Seconds between two lines on how far it is."""


class Batches:
    """One `batches()`. With a `progress` each list is committed, and a former run's end is the start."""

    def __init__(
        self,
        connection: sa.Connection,
        select: sa.Select[*tuple[Any, ...]],
        size: int,
        number: int,
        progress: Progress | None,
        tell: Tell,
    ) -> None:
        self.connection = connection
        self.select = select
        self.size = size
        self.number = number
        self.progress = progress
        self.tell = tell
        self.key = key_of(select)
        self.after: tuple[Any, ...] | None = None
        self.rows = 0
        self.total: int | None = None
        self.began = self.told = monotonic()
        self.over = False
        if progress is not None:
            self.over = number <= progress.loops
            if number == progress.loops + 1 and progress.cursor is not None:
                self.after = from_text(progress.cursor)

    def advance(self) -> Sequence[Any]:
        """Return the next rows, or none at the end. What was done with those before is kept first."""
        if self.over:
            return []
        if self.rows:
            self.keep()
        rows = self.connection.execute(self.remaining().order_by(None).order_by(*self.key).limit(self.size)).all()
        if rows:
            positions = {column: place for place, column in enumerate(self.select.selected_columns)}
            self.after = tuple(rows[-1][positions[column]] for column in self.key)
            self.rows += len(rows)
        else:
            self.end()
        return rows

    def remaining(self) -> sa.Select[*tuple[Any, ...]]:
        """Return the query of the rows that come after those done."""
        if self.after is None:
            return self.select
        if len(self.key) == 1:
            return self.select.where(self.key[0] > self.after[0])
        here = sa.tuple_(*(sa.literal(value, column.type) for column, value in zip(self.key, self.after, strict=True)))
        return self.select.where(sa.tuple_(*self.key) > here)

    def keep(self) -> None:
        """Commit what was done, together with how far it is."""
        if self.progress is not None and self.after is not None:
            self.progress.cursor = to_text(self.after)
            self.progress.save(self.connection)
            self.connection.commit()
        self.report()

    def end(self) -> None:
        """Note that this loop is over."""
        self.over = True
        if self.progress is not None:
            self.progress.loops, self.progress.cursor = self.number, None
            self.progress.save(self.connection)
            self.connection.commit()

    def report(self) -> None:
        """Say how far it is, when it takes long."""
        now = monotonic()
        if now - self.told < SILENCE:
            return
        self.told = now
        if self.total is None:
            # Counted late: what is over in a moment needs no count.
            remaining = self.remaining().order_by(None).subquery()
            self.total = self.rows + (self.connection.scalar(sa.select(sa.func.count()).select_from(remaining)) or 0)
        share = self.rows / max(self.total, self.rows)
        left = (now - self.began) / share * (1 - share)
        self.tell(f"{self.rows:,} of {self.total:,} rows ({share:.0%}), about {duration(left)} left")


def key_of(select: sa.Select[*tuple[Any, ...]]) -> list[sa.ColumnElement[Any]]:
    """Return the primary key that a query goes by. Raises `FrameworkError` when it cannot."""
    sources = select.get_final_froms()
    if len(sources) != 1 or isinstance(sources[0], sa.Join):
        # A row of one table may stand beside several of another: its key then tells no place in the result.
        raise unusable("reads several tables", "one", "Read the others inside the loop, by the keys in the rows.")
    if select._has_row_limiting_clause:  # pyright: ignore[reportPrivateUsage]  # no public way
        raise unusable("has a limit or an offset", "none", "Write batches(select(...), size=...).")
    key: list[sa.ColumnElement[Any]] = list(sources[0].primary_key)
    if not key:
        raise unusable("reads what has no primary key", "a table with one", "Change its rows in one statement.")
    if missing := [str(column) for column in key if column not in set(select.selected_columns)]:
        raise unusable("does not select the primary key", ", ".join(missing), "Add it to select(...).")
    return key


def unusable(found: str, wanted: str, hint: str) -> FrameworkError:
    return FrameworkError(f"batches() got a query that {found}; wanted {wanted}.", hint=hint, code="migrations.batches")


def duration(seconds: float) -> str:
    """Return a time for people."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
