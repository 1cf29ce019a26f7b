"""Which migrations a database has: one row for each, in a table of our own."""

from collections.abc import Iterable
from datetime import UTC, datetime

import sqlalchemy as sa

from framework.migrations.graph import Graph, Migration

__all__ = ["TABLE", "Recorder"]

TABLE = sa.Table(
    "framework_migration",
    sa.MetaData(),
    sa.Column("app", sa.String(100), primary_key=True),
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
)


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

    def names(self) -> set[tuple[str, str]]:
        """Return app and name of every migration that was applied, those without a file too."""
        if not self.exists():
            return set()
        return {(row.app, row.name) for row in self.connection.execute(sa.select(TABLE.c.app, TABLE.c.name))}

    def applied(self, graph: Graph) -> set[str]:
        """Return the revisions of `graph` that were applied."""
        names = self.names()
        return {node.revision for node in graph.nodes.values() if (node.app, node.name) in names}

    def record(self, migration: Migration) -> None:
        """Write that a migration was applied."""
        values = {"app": migration.app, "name": migration.name, "applied_at": datetime.now(UTC)}
        self.connection.execute(TABLE.insert().values(values))

    def forget(self, migrations: Iterable[Migration]) -> None:
        """Write that migrations are not applied any more."""
        for item in migrations:
            matches = (TABLE.c.app == item.app) & (TABLE.c.name == item.name)
            self.connection.execute(TABLE.delete().where(matches))
