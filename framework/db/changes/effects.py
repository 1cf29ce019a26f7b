"""Which tables a statement changes."""

import re
from typing import Any, Literal, NamedTuple

from sqlalchemy import Insert, TextClause, Update
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import ReleaseSavepointClause, RollbackToSavepointClause, SavepointClause

from framework.db.changes.log import Entry, Kind

__all__ = ["NOTHING", "Effects", "effects_of", "writes"]


class Effects(NamedTuple):
    """What running a statement does."""

    entries: tuple[Entry, ...] = ()
    text: str | None = None
    """A statement written as text that seems to write."""
    savepoint: tuple[Literal["begin", "release", "rollback"], str] | None = None
    """What it does to the savepoint of that name."""


NOTHING = Effects()


def effects_of(statement: Any) -> Effects:
    """Return what a statement changes, in its CTEs too."""
    if isinstance(statement, SavepointClause):
        return Effects(savepoint=("begin", statement.ident))
    if isinstance(statement, RollbackToSavepointClause):
        return Effects(savepoint=("rollback", statement.ident))
    if isinstance(statement, ReleaseSavepointClause):
        return Effects(savepoint=("release", statement.ident))
    entries: list[Entry] = []
    text: str | None = None
    for element in visitors.iterate(statement):
        if isinstance(element, UpdateBase):
            entries.append(Entry(name_of(element.table), kind_of(element)))
        elif isinstance(element, TextClause) and writes(element.text):
            text = element.text
    return Effects(tuple(dict.fromkeys(entries)), text) if entries or text else NOTHING


def kind_of(statement: UpdateBase) -> Kind:
    if isinstance(statement, Insert):
        if statement._prefixes:  # pyright: ignore[reportPrivateUsage]  # INSERT OR REPLACE: the row before goes
            return "delete"
        return "insert" if getattr(statement, "_post_values_clause", None) is None else "update"
    return "update" if isinstance(statement, Update) else "delete"


def name_of(table: Any) -> str:
    """Return the full name of a table, also of an alias of one."""
    while not hasattr(table, "fullname"):
        table = table.element
    return table.fullname


_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_WRITES = re.compile(r"\s*(insert|update|delete|replace|merge|truncate|copy|call|do)\b", re.IGNORECASE)
_WRITES_WITHIN = re.compile(
    r"\b(insert\s+into|(?<!for\s)(?<!no\skey\s)update\s|delete\s+from|merge\s+into)", re.IGNORECASE
)


def writes(text: str) -> bool:
    """Tell whether SQL looks like it writes. A function that writes inside a SELECT is not seen."""
    text = _COMMENT.sub(" ", text)
    if _WRITES.match(text):
        return True
    return text.lstrip()[:4].lower() == "with" and _WRITES_WITHIN.search(text) is not None
