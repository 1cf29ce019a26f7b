"""Rules about columns that are there: dropped, renamed, with and without NULL, of another type."""

import re
from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import ops

from framework.migrations.operations.validation import NOT_VALID
from framework.migrations.safety.rule import POSTGRESQL, Case, Rule
from framework.migrations.safety.type_changes import rewrites
from framework.migrations.schema.table import Check, Table

__all__ = ["RULES"]


def dropped(case: Case) -> Iterator[str]:
    if case.table and isinstance(case.operation, ops.DropColumnOp):
        yield f"drops column {case.operation.column_name!r} of {case.table.key!r}"


def renamed(case: Case) -> Iterator[str]:
    if case.column and isinstance(case.operation, ops.AlterColumnOp) and case.operation.modify_name:
        yield f"renames column {case.column.name!r} of {told(case)} to {case.operation.modify_name!r}"


def told(case: Case) -> str:
    assert case.table is not None
    return repr(case.table.key)


def set_not_null(case: Case) -> Iterator[str]:
    old, new = case.column, case.result
    if old and new and old.nullable and not new.nullable and not is_proved(case, old.name):
        yield f"makes column {old.name!r} of {told(case)} NOT NULL"


def is_proved(case: Case, column: str) -> bool:
    """Tell whether a valid check shows already that a column holds no NULL."""
    assert case.table is not None
    return any(
        proves(item, column) and NOT_VALID not in dict(item.options)
        for item in case.table.constraints
        if isinstance(item, Check)
    )


def proves(check: Check, column: str) -> bool:
    condition = re.sub(r'[\s"()]+', " ", check.condition).strip().lower()
    return condition == f"{column.lower()} is not null"


def drop_not_null(case: Case) -> Iterator[str]:
    old, new = case.column, case.result
    if old and new and new.nullable and not old.nullable:
        yield f"lets column {old.name!r} of {told(case)} be NULL"


def drop_default(case: Case) -> Iterator[str]:
    old, new = case.column, case.result
    # One the database generates takes its place.
    if old and new and old.default and not new.default and not new.generated and not new.nullable:
        yield f"takes the server default of column {old.name!r} of {told(case)}, which is NOT NULL"


def rewritten(case: Case) -> tuple[str, bool] | None:
    """Return what a change of type that touches every row is called, and whether keys are involved."""
    old, new = case.column, case.result
    if old is None or new is None or old.sa_type is None or new.sa_type is None or case.table is None:
        return None
    # Members of a native enum have rules of their own.
    if isinstance(old.sa_type, sa.Enum) and isinstance(new.sa_type, sa.Enum) and old.sa_type.native_enum:
        return None
    if not rewrites(old.sa_type, new.sa_type):
        return None
    subject = f"changes the type of column {old.name!r} of {told(case)} from {old.type.text} to {new.type.text}"
    return subject, in_key(case, case.table, old.name)


def in_key(case: Case, table: Table, column: str) -> bool:
    """Tell whether a column is part of a primary key, or of a foreign key at either end."""
    key = table.primary_key
    if (key and column in key.columns) or any(column in item.columns for item in table.foreign_keys):
        return True
    others = (item for other in case.before.tables.values() for item in other.foreign_keys)
    return any(item.target == table.key and column in item.target_columns for item in others)


def rewrite(case: Case) -> Iterator[str]:
    if (found := rewritten(case)) and not found[1]:
        yield found[0]


def key_type(case: Case) -> Iterator[str]:
    if (found := rewritten(case)) and found[1]:
        yield found[0]


RULES = (
    Rule(
        "drop-column",
        "A column is dropped that the running release still reads",
        "The running release names the column in every SELECT and INSERT: each fails until the new release runs.",
        (
            "Take the column out of the models and deploy that release; let it be NULL or have a server default "
            "first, for inserts without it.",
            "Drop it in a migration of the next release.",
        ),
        dropped,
    ),
    Rule(
        "rename-column",
        "A column is renamed",
        "The running release knows only the old name, the new release only the new one: one of them fails.",
        (
            "Add a column of the new name, and let the release write both.",
            "Copy the rows that exist, in batches, in a migration with data().",
            "Let the next release read and write the new column only, and drop the old one after it.",
            "Or rename it in Python only: Field(sa_column_kwargs={'name': 'old'}).",
        ),
        renamed,
    ),
    Rule(
        "set-not-null",
        "A column becomes NOT NULL without a check that proves it",
        "Every row is read while nobody can write or read the table; a NULL that is there makes it fail.",
        (
            "Let the release stop writing NULL, and fill the rows that are NULL, in batches, with data().",
            "Add a check 'column IS NOT NULL' with postgresql_not_valid=True.",
            "In a migration of its own, op.validate_constraint().",
            "Then set NOT NULL, which trusts the check, and drop the check.",
        ),
        set_not_null,
    ),
    Rule(
        "drop-not-null",
        "A column may be NULL from now on",
        "The running release does not expect None in the column and may fail on rows of the new one.",
        ("Deploy a release that accepts None first.", "Then let the column be NULL."),
        drop_not_null,
    ),
    Rule(
        "drop-default",
        "A NOT NULL column loses its server default",
        "A running release that relies on the default, or does not know the column yet, can no longer insert.",
        (
            "Keep the default until every running release gives the value itself.",
            "Drop it in a migration of the next release.",
        ),
        drop_default,
    ),
    Rule(
        "change-type",
        "A column's new type is stored differently on disk",
        "The whole table and its indexes are rewritten while nobody can read it; a value that does not fit makes it "
        "fail. These changes are free: a longer varchar, text for varchar, numeric with more digits before the point, "
        "inet for cidr, more precision of times.",
        (
            "Add a column of the new type, and let the release write both.",
            "Copy the rows that exist, in batches, in a migration with data().",
            "Let the next release read the new column, and drop the old one after it.",
        ),
        rewrite,
        POSTGRESQL,
    ),
    Rule(
        "key-type",
        "A key changes its type, as from integer to bigint",
        "The whole table and its indexes are rewritten while nobody can read it; every foreign key to it has to "
        "follow and is checked again.",
        (
            "Add a column of the new type, filled by a trigger or by the release.",
            "Copy the rows that exist, in batches, in a migration with data(); do the same where others point at it.",
            "Build a unique index over it CONCURRENTLY, and swap the keys in one short migration.",
        ),
        key_type,
        POSTGRESQL,
    ),
)
