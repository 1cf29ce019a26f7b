"""Which migrations a database has: one row for each, in a table of our own."""

from collections.abc import Iterable
from datetime import UTC, datetime

import sqlalchemy as sa

from framework.migrations.history.graph import Graph, Migration
from framework.migrations.history.replacements import stands_for
from framework.migrations.recorder.progress import unfinished
from framework.migrations.recorder.reader import ALEMBIC, ROWS, Rows

__all__ = ["TABLE", "Recorder"]

TABLE = sa.Table(
    ROWS,
    sa.MetaData(),
    sa.Column("app", sa.String(100), primary_key=True),
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
)
INSERT = TABLE.insert()


class Recorder:
    """Reads and writes the rows through a connection; the caller's transaction keeps or drops them."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def exists(self) -> bool:
        """Tell whether the table is there; a new database has none."""
        return sa.inspect(self.connection).has_table(TABLE.name)

    def create(self) -> None:
        """Make the table if it is missing."""
        TABLE.create(self.connection, checkfirst=True)

    def rows(self) -> Rows:
        """Return what the tables hold."""
        exists = self.exists()
        broken = tuple(map(str, unfinished(self.connection)))
        names = self.connection.execute(sa.select(TABLE.c.app, TABLE.c.name)) if exists else ()
        return Rows(frozenset((app, name) for app, name in names), () if exists else self.versions(), broken)

    def versions(self) -> tuple[str, ...]:
        """Return the revisions that Alembic noted in its own table."""
        if not sa.inspect(self.connection).has_table(ALEMBIC):
            return ()
        query = sa.select(sa.column("version_num", sa.String)).select_from(sa.table(ALEMBIC))
        return tuple(sorted(self.connection.scalars(query)))

    def names(self) -> set[tuple[str, str]]:
        """Return app and name of every migration that was applied, those without a file too."""
        return set(self.rows().names)

    def applied(self, graph: Graph) -> set[str]:
        """Return the revisions of `graph` that were applied."""
        return self.rows().within(graph).applied(graph)

    def record(self, migration: Migration, graph: Graph) -> None:
        """Write that a migration was applied, and with it all that it replaces."""
        own = (migration.app, migration.name)
        replaced = stands_for(migration, graph.files)
        known = self.rows().names if replaced else frozenset[tuple[str, str]]()
        self.add(row for row in (*replaced, own) if row not in known)

    def add(self, rows: Iterable[tuple[str, str]]) -> None:
        """Write new rows."""
        for app, name in rows:
            self.connection.execute(INSERT, {"app": app, "name": name, "applied_at": datetime.now(UTC)})

    def forget(self, migration: Migration, graph: Graph) -> None:
        """Write that a migration is not applied any more, nor anything that it replaces."""
        self.remove([*stands_for(migration, graph.files), (migration.app, migration.name)])

    def remove(self, rows: Iterable[tuple[str, str]]) -> None:
        """Take rows away."""
        for app, name in rows:
            self.connection.execute(TABLE.delete().where((TABLE.c.app == app) & (TABLE.c.name == name)))

    def catch_up(self, graph: Graph) -> None:
        """Make the table if it is missing; write what is applied without a row, and the labels apps have now."""
        rows = self.rows()
        everything = rows.within(graph)
        self.create()
        self.remove(rows.names - everything.names)
        self.add(sorted(everything.names - rows.names))
        fitting = graph.given(everything.names)
        for revision in everything.unsaid(fitting):
            self.record(fitting.nodes[revision], fitting)
