"""What PostgreSQL leaves of a statement that runs in no transaction and was broken off."""

import re

import sqlalchemy as sa
from alembic.operations import ops

__all__ = ["is_done", "sweep"]

CREATES = re.compile(
    r'\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?("[^"]+"|\w+)\s+ON\s+(?:ONLY\s+)?'
    r'(?:("[^"]+"|\w+)\.)?',
    re.IGNORECASE,
)


def is_done(connection: sa.Connection, operation: ops.MigrateOperation) -> bool:
    """Tell whether an operation that was broken off has reached its end after all, as far as that can be known."""
    if connection.dialect.name != "postgresql":
        return False
    if isinstance(operation, ops.DropIndexOp):
        return state_of(connection, index_name(connection, operation)) is None
    return (name := created_name(connection, operation)) is not None and state_of(connection, name) is True


def sweep(connection: sa.Connection, operation: ops.MigrateOperation) -> None:
    """Drop the invalid index that a `CREATE INDEX CONCURRENTLY` left which was broken off, or failed.

    It is no use to queries, is written to all the same, a unique one refuses rows already, and `IF NOT EXISTS` takes
    it for the index that is wanted.
    """
    if connection.dialect.name != "postgresql" or (name := created_name(connection, operation)) is None:
        return
    if state_of(connection, name) is False:
        connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def state_of(connection: sa.Connection, name: str) -> bool | None:
    """Return whether an index is valid, or `None` when there is none of that name."""
    statement = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
    return connection.execute(statement, {"name": name}).scalar()


def created_name(connection: sa.Connection, operation: ops.MigrateOperation) -> str | None:
    """Return the quoted name of the index that an operation makes concurrently."""
    if isinstance(operation, ops.CreateIndexOp):
        return index_name(connection, operation)
    if isinstance(operation, ops.ExecuteSQLOp) and (match := CREATES.match(str(operation.sqltext))):
        name, schema = match.groups()
        return f"{schema}.{name}" if schema else name
    return None


def index_name(connection: sa.Connection, operation: ops.CreateIndexOp | ops.DropIndexOp) -> str:
    quote = connection.dialect.identifier_preparer.quote
    name = quote(str(operation.index_name))
    return f"{quote(operation.schema)}.{name}" if operation.schema else name
