"""Rules about what shares a transaction, and about what the others cannot see."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import ops

from framework.migrations.operations.fill_nulls import FillNullsOp
from framework.migrations.operations.tables import place_of
from framework.migrations.operations.validation import UniqueFromIndexOp, ValidateConstraintOp
from framework.migrations.safety.rule import POSTGRESQL, Case, Rule
from framework.migrations.schema.table import key_of

__all__ = ["RULES"]

LOCKING = (
    ops.AddColumnOp,
    ops.AddConstraintOp,
    ops.AlterColumnOp,
    ops.DropColumnOp,
    ops.DropConstraintOp,
    ops.RenameTableOp,
    UniqueFromIndexOp,
)
"""What keeps everybody else from a table, or writers at least, until the transaction ends."""


def locked(case: Case) -> str | None:
    """Return the key of the table in use that an operation locks for the rest of the transaction."""
    if not case.atomic or not isinstance(case.operation, LOCKING):
        return None
    place = place_of(case.operation)
    key = None if place is None else key_of(*place)
    return None if key is None or key in case.empty else key


def locked_before(case: Case) -> list[str]:
    return list(dict.fromkeys(key for item in case.earlier if (key := locked(item))))


def several_tables(case: Case) -> Iterator[str]:
    key, before = locked(case), locked_before(case)
    if key and before and key not in before:
        yield f"locks {key!r} while it holds {' and '.join(map(repr, before))}"


def validated(case: Case) -> Iterator[str]:
    if case.table and case.atomic and isinstance(case.operation, ValidateConstraintOp):
        key = case.table.key
        if key in locked_before(case):
            yield f"validates {case.operation.constraint_name!r} while it holds {key!r} locked"


def data(case: Case) -> Iterator[str]:
    if case.atomic and changes_rows(case.operation) and (held := locked_before(case)):
        yield f"changes rows while it holds {' and '.join(map(repr, held))} locked"
    elif (key := locked(case)) and any(changes_rows(item.operation) for item in case.earlier):
        yield f"locks {key!r} in the transaction that has changed rows"
    elif key and case.data and not locked_before(case):
        yield f"locks {key!r} until its data() is done"


def changes_rows(operation: ops.MigrateOperation) -> bool:
    if isinstance(operation, ops.ExecuteSQLOp):
        return isinstance(operation.sqltext, sa.Insert | sa.Update | sa.Delete)
    return isinstance(operation, ops.BulkInsertOp | FillNullsOp)


def plain_sql(case: Case) -> Iterator[str]:
    if isinstance(case.operation, ops.ExecuteSQLOp) and not changes_rows(case.operation):
        line = " ".join(str(case.operation.sqltext).split())
        yield f"runs SQL: {line if len(line) <= 60 else line[:57] + '...'}"


RULES = (
    Rule(
        "several-tables",
        "Several tables in use are locked in one transaction",
        "The first stays locked until the last is done, and two transactions that lock them in another order wait "
        "for each other.",
        ("Give each table a migration of its own.",),
        several_tables,
        POSTGRESQL,
    ),
    Rule(
        "validate-in-transaction",
        "A constraint is validated in the transaction that locked its table",
        "Every row is read while nobody can write to the table: nothing is gained by validating later.",
        ("Put op.validate_constraint() into a migration of its own.",),
        validated,
        POSTGRESQL,
    ),
    Rule(
        "data-beside-schema",
        "Rows are changed in the transaction that locks a table",
        "The tables stay locked until the last row is done.",
        ("Change rows in a migration of its own that says `transactional = False`, in batches, in data().",),
        data,
    ),
    Rule(
        "plain-sql",
        "SQL is run as text",
        "Nobody can tell what it locks: TRUNCATE … CASCADE, ALTER SCHEMA … RENAME, VACUUM FULL and ALTER DOMAIN are "
        "written this way too.",
        ("Use the operation for it where Alembic has one.", "Read the statement's locks in PostgreSQL's manual."),
        plain_sql,
    ),
)
