"""How far a migration has come that does not run in one transaction: one row for each, in a table of our own.

The table is there only while something is unfinished.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from framework.migrations.history.graph import Migration, Step

__all__ = ["TABLE", "Progress", "finish", "unfinished"]

TABLE = sa.Table(
    "framework_migration_progress",
    sa.MetaData(),
    sa.Column("app", sa.String(100), primary_key=True),
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("forward", sa.Boolean, nullable=False),
    sa.Column("operations", sa.Integer, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("begun", sa.Boolean, nullable=False),
    sa.Column("loops", sa.Integer, nullable=False),
    sa.Column("cursor", sa.Text),
    sa.Column("data_done", sa.Boolean, nullable=False),
)


@dataclass(slots=True)
class Progress:
    """How far one migration has come. The caller's transaction keeps or drops what `save` writes."""

    app: str
    name: str
    forward: bool
    operations: int = 0
    """How many operations are done."""
    digest: str = ""
    """What these operations were, to notice when the file says something else afterwards."""
    begun: bool = False
    """Whether the operation after these was begun, outside a transaction: it may be done too."""
    loops: int = 0
    """How many `batches()` have come to their end."""
    cursor: str | None = None
    """The last key that the one after these has done."""
    data_done: bool = False
    """Whether `data()`, or `undo_data()`, has come to its end."""

    @classmethod
    def of(cls, connection: sa.Connection, step: Step) -> "Progress":
        """Return how far a step has come; one that was never begun is written down."""
        TABLE.create(connection, checkfirst=True)
        migration = step.migration
        row = connection.execute(sa.select(TABLE).where(is_of(migration))).first()
        if row is not None:
            return cls(*row)
        progress = cls(migration.app, migration.name, step.forward)
        connection.execute(TABLE.insert().values(progress.values()))
        return progress

    def values(self) -> dict[str, object]:
        """Return what the row holds."""
        return {column.name: getattr(self, column.name) for column in TABLE.columns}

    def save(self, connection: sa.Connection) -> None:
        """Update the row."""
        mine = (TABLE.c.app == self.app) & (TABLE.c.name == self.name)
        connection.execute(TABLE.update().where(mine).values(self.values()))

    def __str__(self) -> str:
        return f"{self.app}.{self.name}"


def unfinished(connection: sa.Connection) -> Sequence[Progress]:
    """Return what was begun and has not come to its end."""
    if not sa.inspect(connection).has_table(TABLE.name):
        return []
    return [Progress(*row) for row in connection.execute(sa.select(TABLE))]


def finish(connection: sa.Connection, migration: Migration) -> None:
    """Forget how far a migration has come; the table goes with its last row."""
    if not sa.inspect(connection).has_table(TABLE.name):
        return
    connection.execute(TABLE.delete().where(is_of(migration)))
    if connection.execute(sa.select(TABLE.c.app).limit(1)).first() is None:
        TABLE.drop(connection)


def is_of(migration: Migration) -> sa.ColumnElement[bool]:
    return (TABLE.c.app == migration.app) & (TABLE.c.name == migration.name)
