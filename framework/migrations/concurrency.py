"""Statements that PostgreSQL runs in no transaction, and what they leave when they are broken off."""

import re

import sqlalchemy as sa
from alembic.operations import ops

from framework.migrations.errors import MigrationFailed
from framework.migrations.history.graph import Migration

__all__ = ["forbidden", "is_done", "needs_no_transaction", "sweep"]

OUTSIDE = re.compile(
    r"\s*(VACUUM|ALTER\s+SYSTEM|(CREATE|DROP)\s+(DATABASE|TABLESPACE)"
    r"|(CREATE\s+(UNIQUE\s+)?|DROP\s+|RE)INDEX\b.*\bCONCURRENTLY"
    r"|ALTER\s+TABLE\b.*\bDETACH\s+PARTITION\b.*\bCONCURRENTLY)\b",
    re.IGNORECASE | re.DOTALL,
)
CREATES = re.compile(
    r'\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?("[^"]+"|\w+)\s+ON\s+(?:ONLY\s+)?'
    r'(?:("[^"]+"|\w+)\.)?',
    re.IGNORECASE,
)


def needs_no_transaction(operation: ops.MigrateOperation) -> bool:
    """Tell whether PostgreSQL refuses an operation inside a transaction."""
    if getattr(operation, "only", None) == "state":
        return False
    if isinstance(operation, ops.ExecuteSQLOp):
        return bool(OUTSIDE.match(str(operation.sqltext)))
    return isinstance(operation, ops.CreateIndexOp | ops.DropIndexOp) and bool(
        operation.kw.get("postgresql_concurrently")
    )


def forbidden(migration: Migration, operation: ops.MigrateOperation) -> MigrationFailed:
    """Return the error for such an operation in a file that runs in one transaction."""
    if isinstance(operation, ops.ExecuteSQLOp):
        what = " ".join(str(operation.sqltext).split())
    else:
        verb = "op.create_index" if isinstance(operation, ops.CreateIndexOp) else "op.drop_index"
        what = f"{verb}({getattr(operation, 'index_name', None)!r}, ..., postgresql_concurrently=True)"
    return MigrationFailed(
        f"{migration} runs in one transaction, and in it stands what PostgreSQL runs in none: {what[:200]}",
        hint=f"Move it into a migration of its own that says `transactional = False`, or say so in {migration.path}. "
        "Each of its operations is then kept by itself, and a run that broke off goes on where it stopped.",
        code="migrations.transaction",
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
