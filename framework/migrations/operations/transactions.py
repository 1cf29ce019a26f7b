"""Operations that PostgreSQL runs in no transaction."""

import re
from typing import TYPE_CHECKING

from alembic.operations import ops

from framework.migrations.errors import MigrationFailed

if TYPE_CHECKING:
    from framework.migrations.history.migration import Migration

__all__ = ["forbidden", "needs_no_transaction"]

OUTSIDE = re.compile(
    r"\s*(VACUUM|ALTER\s+SYSTEM|(CREATE|DROP)\s+(DATABASE|TABLESPACE)"
    r"|(CREATE\s+(UNIQUE\s+)?|DROP\s+|RE)INDEX\b.*\bCONCURRENTLY"
    r"|ALTER\s+TABLE\b.*\bDETACH\s+PARTITION\b.*\bCONCURRENTLY)\b",
    re.IGNORECASE | re.DOTALL,
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


def forbidden(migration: "Migration", operation: ops.MigrateOperation) -> MigrationFailed:
    """Return the error for such an operation in a file that runs in one transaction."""
    if isinstance(operation, ops.ExecuteSQLOp):
        what = " ".join(str(operation.sqltext).split())
    else:
        verb = "op.create_index" if isinstance(operation, ops.CreateIndexOp) else "op.drop_index"
        what = f"{verb}({getattr(operation, 'index_name', None)!r}, ..., postgresql_concurrently=True)"
    return MigrationFailed(
        f"{migration} runs in one transaction and contains what PostgreSQL runs only outside one: {what[:200]}",
        hint=f"Move it into a migration of its own that says `transactional = False`, or say so in {migration.path}. "
        "Each of its operations is then committed by itself, and an interrupted run continues where it stopped.",
        code="migrations.transaction",
    )
