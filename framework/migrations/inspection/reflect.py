"""Reads the tables of a live database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from framework.migrations.schema import Table

__all__ = ["Live", "reflect"]


@dataclass(slots=True)
class Live:
    """What a database holds, by the names a state uses."""

    tables: dict[str, Table] = field(default_factory=dict[str, Table])
    views: dict[str, Table] = field(default_factory=dict[str, Table])
    """Views, materialized ones too; they have columns and no keys."""
    partitions: dict[str, Table] = field(default_factory=dict[str, Table])
    """Tables that hold a part of another one."""

    @property
    def all(self) -> Mapping[str, Table]:
        """Everything that rows can be read from."""
        return {**self.tables, **self.partitions, **self.views}


def reflect(connection: sa.Connection, schemas: Sequence[str | None] = (None,)) -> Live:
    """Return what stands in these schemas; `None` is the one that names without a schema mean.

    Columns have the types models write, expressions are as the database tells them, and no table has an app.
    """
    if connection.dialect.name == "sqlite":
        from framework.migrations.inspection.sqlite import read_schema
    else:
        from framework.migrations.inspection.postgresql import read_schema
    live = Live()
    for schema in schemas:
        if schema is not None and not sa.inspect(connection).has_schema(schema):
            continue
        found = read_schema(connection, schema)
        live.tables |= found.tables
        live.views |= found.views
        live.partitions |= found.partitions
    return live
