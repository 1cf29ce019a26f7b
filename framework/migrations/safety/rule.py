"""What a rule is, what it is asked about, and what it finds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

from alembic.operations import ops

from framework.migrations.history.graph import Migration
from framework.migrations.operations.tables import place_of
from framework.migrations.schema.reader import read_column, read_constraint, read_table
from framework.migrations.schema.table import Column, Constraint, Index, PrimaryKey, Table, key_of
from framework.migrations.state.mutations import altered, one_column_table
from framework.migrations.state.state import State

__all__ = ["EVERYWHERE", "POSTGRESQL", "SQLITE", "Case", "Finding", "Rule"]

EVERYWHERE = frozenset({"postgresql", "sqlite"})
POSTGRESQL = frozenset({"postgresql"})
SQLITE = frozenset({"sqlite"})
PREFIX = "migrations.safety."


@dataclass(frozen=True)
class Case:
    """One operation of a migration, with what a rule has to know around it."""

    operation: ops.MigrateOperation
    before: State
    """The tables just before it."""
    empty: frozenset[str]
    """Keys of tables that hold no rows and that nobody reads yet, because they were created just now."""
    siblings: Sequence[ops.MigrateOperation]
    """All operations of the migration."""
    position: int
    atomic: bool
    """Whether it runs in the migration's transaction."""
    data: bool = False
    """Whether the migration has a data()."""

    @cached_property
    def table(self) -> Table | None:
        """The table it is about; `None` for one that is new, and for an operation about no table."""
        place = place_of(self.operation)
        if place is None:
            return self.indexed
        key = key_of(*place)
        return None if key in self.empty else self.before.tables.get(key)

    @property
    def indexed(self) -> Table | None:
        """The table whose index is dropped by name alone."""
        if not isinstance(self.operation, ops.DropIndexOp):
            return None
        name = self.operation.index_name
        tables = (item for key, item in self.before.tables.items() if key not in self.empty)
        return next((item for item in tables if any(index.name == name for index in item.indexes)), None)

    @cached_property
    def column(self) -> Column | None:
        """The column it alters or drops, as it was."""
        if self.table is None or not isinstance(self.operation, ops.AlterColumnOp | ops.DropColumnOp):
            return None
        return self.table.columns.get(self.operation.column_name)

    @cached_property
    def result(self) -> Column | None:
        """The column it adds or alters, as it will be."""
        if self.table is None:
            return None
        if isinstance(self.operation, ops.AddColumnOp):
            return read_column(self.operation.column)
        if isinstance(self.operation, ops.AlterColumnOp) and self.column is not None:
            return altered(self.column, self.operation)
        return None

    @cached_property
    def constraints(self) -> Sequence[Constraint]:
        """The constraints it adds, those said on a new column included."""
        if self.table is None:
            return ()
        if isinstance(self.operation, ops.AddColumnOp):
            alone = read_table(one_column_table(self.operation), "")
            return [item for item in alone.constraints if not isinstance(item, PrimaryKey)]
        if isinstance(self.operation, ops.AddConstraintOp):
            made = read_constraint(self.operation.to_constraint())
            return () if made is None else (made,)
        return ()

    @cached_property
    def indexes(self) -> Sequence[Index]:
        """The indexes said on a new column."""
        if self.table is None or not isinstance(self.operation, ops.AddColumnOp):
            return ()
        return read_table(one_column_table(self.operation), "").indexes

    @property
    def earlier(self) -> "Sequence[Case]":
        """The operations of the migration before it, with the tables as they are before this one."""
        return [
            replace(self, operation=item, position=position)
            for position, item in enumerate(self.siblings[: self.position])
        ]


type Finder = Callable[[Case], Iterable[str]]
"""Yields what is unsafe about an operation, as the second half of a sentence: `adds column 'x' to 'y'`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is unsafe while the database is in use, and what to do instead."""

    id: str
    title: str
    breaks: str
    """What happens to those who use the database meanwhile."""
    steps: tuple[str, ...]
    """The safe way, in order."""
    find: Finder
    dialects: frozenset[str] = EVERYWHERE

    @property
    def code(self) -> str:
        """Its stable code."""
        return PREFIX + self.id


@dataclass(frozen=True, slots=True)
class Finding:
    """An unsafe step of a migration."""

    rule: Rule
    migration: Migration
    subject: str

    @property
    def text(self) -> str:
        """What is found and what it breaks."""
        return f"{self.migration} {self.subject}. {self.rule.breaks}"

    @property
    def hint(self) -> str:
        """The safe steps, and how to accept."""
        numbered = " ".join(f"{number}. {step}" for number, step in enumerate(self.rule.steps, 1))
        return f'{numbered} Or accept it in the file: accepted = {{"{self.rule.id}": "why it does no harm here"}}'


def quoted(names: Iterable[object]) -> str:
    """Return names for people."""
    return ", ".join(repr(cast("str", name)) for name in names)
