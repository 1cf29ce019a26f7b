"""Reads the tables of a live database."""

from collections.abc import Sequence

import sqlalchemy as sa

from framework.migrations.inspection.live import Live

__all__ = ["reflect"]


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
