"""The state that migrations lead to: tables as plain values, changed by Alembic's operations, without a database."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from framework.migrations.errors import StateError
from framework.migrations.schema.builder import build_metadata
from framework.migrations.schema.table import Constraint, ForeignKey, Index, Table

__all__ = ["State"]


@dataclass(slots=True)
class State:
    """The tables after some migrations, and which migration last had to do with each."""

    tables: dict[str, Table] = field(default_factory=dict[str, Table])
    touched: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    """For each table, by app, the revision that last changed it or pointed at it."""

    def copy(self) -> "State":
        """Return a state of its own; the tables themselves never change."""
        return State(dict(self.tables), {key: dict(by_app) for key, by_app in self.touched.items()})

    def become(self, other: "State") -> None:
        """Take over another state, as when what was tried on a copy has succeeded, or failed."""
        self.tables, self.touched = other.tables, other.touched

    def metadata(self) -> sa.MetaData:
        """Return the tables as SQLAlchemy knows them."""
        return build_metadata(self.tables.values())

    def of(self, app: str) -> dict[str, Table]:
        """Return the tables of one app."""
        return {key: table for key, table in self.tables.items() if table.app == app}

    def touch(self, key: str, app: str, revision: str) -> None:
        """Note which migration last had to do with a table."""
        self.touched.setdefault(key, {})[app] = revision

    def __getitem__(self, key: str) -> Table:
        try:
            return self.tables[key]
        except KeyError:
            raise StateError(
                f"There is no table {key!r} at this point of the history.",
                hint="Add `depends_on` for the migration that creates it; a table made by plain SQL is unknown here.",
            ) from None

    def put(self, table: Table) -> None:
        """Add a table, or replace the one of that name."""
        self.tables[table.key] = table

    def change(self, key: str, function: Callable[[Table], Table]) -> None:
        """Replace a table by what `function` makes of it."""
        self.put(function(self[key]))

    def add_constraint(self, key: str, constraint: Constraint) -> None:
        """Add a constraint to a table."""
        self.change(key, lambda table: replace(table, constraints=(*table.constraints, constraint)))

    def drop_constraint(self, key: str, name: str) -> None:
        """Drop a constraint of a table; there must be one of that name."""
        self.change(key, lambda table: without_constraint(table, name))

    def add_index(self, key: str, index: Index) -> None:
        """Add an index to a table."""
        self.change(key, lambda table: replace(table, indexes=(*table.indexes, index)))

    def drop_index(self, name: str, key: str | None) -> None:
        """Drop an index; one without a table's name is looked for everywhere, as `DROP INDEX` does."""
        for table in list(self.tables.values()) if key is None else [self[key]]:
            kept = tuple(index for index in table.indexes if index.name != name)
            if len(kept) < len(table.indexes):
                self.put(replace(table, indexes=kept))
                return
        raise StateError(f"There is no index {name!r}{f' on table {key!r}' if key else ''} at this point.")

    def rename_table(self, key: str, name: str) -> None:
        """Rename a table; the keys that point at it follow, as in the database."""
        table = replace(self[key], name=name, model="")
        del self.tables[key]
        self.put(table)
        self.touched[table.key] = self.touched.pop(key, {})
        self.repoint(key, lambda item: replace(item, target=table.key))

    def rename_constraint(self, key: str, old: str, new: str) -> None:
        """Give a constraint of a table another name."""
        without_constraint(self[key], old)  # there must be one
        self.change(key, lambda table: table.map_constraints(lambda item: renamed(item, old, new)))

    def rename_index(self, key: str, old: str, new: str) -> None:
        """Give an index of a table another name."""
        if all(index.name != old for index in self[key].indexes):
            raise StateError(f"There is no index {old!r} on table {key!r} at this point.")
        self.change(
            key, lambda table: replace(table, indexes=tuple(renamed(index, old, new) for index in table.indexes))
        )

    def rename_column(self, key: str, old: str, new: str) -> None:
        """Rename a column; the keys that point at it follow, as in the database."""
        self.require_column(key, old)
        self.change(key, lambda table: table.rename_column(old, new))
        self.repoint(key, lambda item: item.rename_target(old, new))

    def repoint(self, target: str, function: Callable[[ForeignKey], ForeignKey]) -> None:
        """Change every foreign key that points at a table."""

        def follow(item: Constraint) -> Constraint:
            return function(item) if isinstance(item, ForeignKey) and item.target == target else item

        for key, table in self.tables.items():
            if any(item.target == target for item in table.foreign_keys):
                self.tables[key] = table.map_constraints(follow)

    def require_column(self, key: str, name: str) -> None:
        """Raise unless a table has a column."""
        columns = self[key].columns
        if name not in columns:
            raise StateError(
                f"Table {key!r} has no column {name!r} at this point of the history; it has {', '.join(columns)}."
            )


def renamed[T: (Constraint, Index)](item: T, old: str, new: str) -> T:
    return replace(item, name=new) if item.name == old else item


def without_constraint(table: Table, name: str) -> Table:
    kept = tuple(item for item in table.constraints if item.name != name)
    if len(kept) == len(table.constraints):
        raise StateError(f"Table {table.key!r} has no constraint {name!r} at this point of the history.")
    return replace(table, constraints=kept)
