"""What a database has already of what a migration would make, for `--fake-initial`."""

from dataclasses import dataclass, field

import sqlalchemy as sa

from framework.migrations.schema.table import Table
from framework.migrations.state.state import State

__all__ = ["Existing", "existing"]


@dataclass(slots=True)
class Existing:
    """How much is there of what a migration makes: tables, and columns as `blog_post.title`."""

    there: list[str] = field(default_factory=list[str])
    missing: list[str] = field(default_factory=list[str])
    """Of a table that is there, the columns that it lacks."""


def existing(connection: sa.Connection, before: State, after: State) -> Existing:
    """Look for the tables, with their columns, and the added columns that lie between two states."""
    inspector = sa.inspect(connection)
    found = Existing()
    for key, table in after.tables.items():
        old = before.tables.get(key)
        if old is None or table.columns.keys() - old.columns.keys():
            look(inspector, found, table, old)
    return found


def look(inspector: sa.Inspector, found: Existing, table: Table, old: Table | None) -> None:
    """Look for one table that is new, or for what it has more than before."""
    if not inspector.has_table(table.name, schema=table.schema):
        found.missing.append(table.key)
        return
    live = {item["name"] for item in inspector.get_columns(table.name, schema=table.schema)}
    if old is None:
        found.there.append(table.key)
    for name in table.columns:
        if name not in live:
            found.missing.append(f"{table.key}.{name}")
        elif old is not None and name not in old.columns:
            found.there.append(f"{table.key}.{name}")
