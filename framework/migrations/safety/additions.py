"""Rules about new columns."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import ops

from framework.migrations.safety.defaults import is_volatile
from framework.migrations.safety.rule import POSTGRESQL, Case, Rule
from framework.migrations.safety.type_changes import spelled
from framework.migrations.schema.table import Column

__all__ = ["RULES"]


def added(case: Case) -> Column | None:
    """Return the column that is added to a table in use."""
    return case.result if isinstance(case.operation, ops.AddColumnOp) else None


def retyped(case: Case) -> Column | None:
    """Return the column that is added, or gets another type, in a table in use."""
    if isinstance(case.operation, ops.AlterColumnOp) and case.operation.modify_type is None:
        return None
    return case.result


def told(case: Case, column: Column) -> str:
    assert case.table is not None
    return f"adds column {column.name!r} to {case.table.key!r}"


def not_null(case: Case) -> Iterator[str]:
    column = added(case)
    if column and not column.nullable and column.default is None and column.generated is None:
        yield f"{told(case, column)}, NOT NULL and without a server default"


def volatile_default(case: Case) -> Iterator[str]:
    column = added(case)
    if column and is_volatile(column):
        yield f"{told(case, column)} with a default that differs from row to row"


def stored_generated(case: Case) -> Iterator[str]:
    column = added(case)
    # PostgreSQL stores them unless it is told not to.
    if column and isinstance(column.sa_default, sa.Computed) and column.sa_default.persisted is not False:
        yield f"{told(case, column)}, generated and stored"


def identity(case: Case) -> Iterator[str]:
    column = added(case)
    counts = column and (isinstance(column.sa_default, sa.Identity) or column.sa_options.get("autoincrement") is True)
    if column and counts:
        yield f"{told(case, column)}, which numbers its rows"


def json(case: Case) -> Iterator[str]:
    column = retyped(case)
    if column and column.sa_type is not None and spelled(column.sa_type).name == "JSON":
        yield f"gives column {column.name!r} the type json"


def char(case: Case) -> Iterator[str]:
    column = retyped(case)
    if column and column.sa_type is not None and spelled(column.sa_type).name == "CHAR":
        yield f"gives column {column.name!r} the type char(n)"


def naive_timestamp(case: Case) -> Iterator[str]:
    column = retyped(case)
    if column and column.sa_type is not None and spelled(column.sa_type).name == "TIMESTAMP WITHOUT TIME ZONE":
        yield f"gives column {column.name!r} the type timestamp without time zone"


RULES = (
    Rule(
        "add-not-null",
        "A new column is NOT NULL and has no server default",
        "It fails on a table that has rows, and the running release, which does not know the column, can no longer "
        "insert.",
        (
            "Add the column with a server default, or nullable.",
            "Fill the rows that exist, in batches, in a migration with data().",
            "When the new release runs everywhere, set NOT NULL.",
        ),
        not_null,
    ),
    Rule(
        "volatile-default",
        "A new column's default is evaluated for every row",
        "The whole table is rewritten while nobody can read it.",
        (
            "Add the column without a default.",
            "Set the default with alter_column: it serves new rows.",
            "Fill the rows that exist, in batches, in a migration with data().",
        ),
        volatile_default,
        POSTGRESQL,
    ),
    Rule(
        "add-generated",
        "A new column is generated and stored",
        "The whole table is rewritten while nobody can read it.",
        (
            "Add a plain column, and a trigger that fills it.",
            "Fill the rows that exist, in batches, in a migration with data().",
        ),
        stored_generated,
        POSTGRESQL,
    ),
    Rule(
        "add-identity",
        "A new column numbers its rows (identity, serial)",
        "Every row needs a number: the whole table is rewritten while nobody can read it.",
        (
            "Add a nullable column of the type, without a default.",
            "Create a sequence and set the default: it numbers new rows.",
            "Number the rows that exist, in batches, in a migration with data().",
        ),
        identity,
        POSTGRESQL,
    ),
    Rule(
        "json",
        "A column has the type json",
        "json has no equality: SELECT DISTINCT, UNION and GROUP BY over the table fail from then on.",
        ("Use jsonb: sqlalchemy.dialects.postgresql.JSONB.",),
        json,
        POSTGRESQL,
    ),
    Rule(
        "char",
        "A column has the type char(n)",
        "Values come back padded with blanks, and don't compare as text does.",
        ("Use varchar(n) or text; a check can limit the length.",),
        char,
        POSTGRESQL,
    ),
    Rule(
        "naive-timestamp",
        "A column has the type timestamp without time zone",
        "Which moment a value means depends on who reads it.",
        ("Use DateTime(timezone=True).",),
        naive_timestamp,
        POSTGRESQL,
    ),
)
