"""What the caller has changed and not committed, and since when it has been reading."""

import time
from collections.abc import Iterator

from framework.cache.tags import names_of_tables
from framework.context import Work, works

__all__ = ["reading_for", "uncommitted"]


def at_work() -> Iterator[Work]:
    for reference in works.get():
        work = reference()
        if work is not None and not work.ended:
            yield work


def uncommitted() -> set[str]:
    """Return the tags of what the caller changed and nobody else sees yet: what it computes may be true for nobody."""
    if not works.get():
        return set()
    return {name for work in at_work() for name in names_of_tables(work.uncommitted())}


def reading_for() -> float:
    """Return for how many seconds the caller has been reading: of what changed meanwhile it may know nothing.

    A session keeps the rows it has read, and a snapshot all rows as they were.
    """
    if not works.get():
        return 0
    began = [work.since for work in at_work() if work.since is not None]
    return time.monotonic() - min(began) if began else 0
