"""Whether a database has already what a migration would make, for `--fake-initial`."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic.operations import ops

__all__ = ["are_there"]


def are_there(connection: sa.Connection, operations: Sequence[ops.MigrateOperation]) -> bool:
    """Tell whether every table and column that `operations` make is there; those that make none are not."""
    inspector = sa.inspect(connection)
    found = False
    for operation in operations:
        match operation:
            case ops.CreateTableOp(table_name=name, schema=schema):
                if not inspector.has_table(name, schema=schema):
                    return False
                found = True
            case ops.AddColumnOp(table_name=name, schema=schema, column=column):
                if not inspector.has_table(name, schema=schema):
                    return False
                if column.name not in {item["name"] for item in inspector.get_columns(name, schema=schema)}:
                    return False
                found = True
            case _:
                pass
    return found
