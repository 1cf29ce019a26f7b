"""Rules about constraints on tables that have rows."""

from collections.abc import Iterator

from alembic.operations import ops

from framework.migrations.operations.validation import NOT_VALID
from framework.migrations.safety.indexes import created, is_concurrent
from framework.migrations.safety.rule import POSTGRESQL, Case, Rule, quoted
from framework.migrations.schema.table import Check, Constraint, Exclude, ForeignKey, PrimaryKey, Unique

__all__ = ["RULES"]


def told(case: Case, item: Constraint) -> str:
    assert case.table is not None
    return f"{item.name!r} to {case.table.key!r}"


def is_valid(item: Constraint) -> bool:
    """Tell whether a new constraint looks at the rows that exist."""
    return NOT_VALID not in dict(item.options)


def foreign_key(case: Case) -> Iterator[str]:
    for item in case.constraints:
        if isinstance(item, ForeignKey) and is_valid(item):
            yield f"adds foreign key {told(case, item)} and checks every row"


def check(case: Case) -> Iterator[str]:
    for item in case.constraints:
        if isinstance(item, Check) and is_valid(item):
            yield f"adds check {told(case, item)} and looks at every row"


def unique(case: Case) -> Iterator[str]:
    for item in case.constraints:
        if isinstance(item, Unique):
            yield f"adds unique constraint {told(case, item)} over {quoted(item.columns)}"
    for index in created(case):
        if index.unique and not is_concurrent(case.operation):
            yield f"builds unique index {index.name!r} over {quoted(index.columns)}"


def exclusion(case: Case) -> Iterator[str]:
    for item in case.constraints:
        if isinstance(item, Exclude):
            yield f"adds exclusion constraint {told(case, item)}"


def primary_key(case: Case) -> Iterator[str]:
    for item in case.constraints:
        if isinstance(item, PrimaryKey):
            yield f"adds primary key {told(case, item)}"
    if case.table and isinstance(case.operation, ops.DropConstraintOp):
        key = case.table.primary_key
        if case.operation.constraint_type == "primary" or (key and key.name == case.operation.constraint_name):
            yield f"drops the primary key of {case.table.key!r}"


RULES = (
    Rule(
        "foreign-key-validated",
        "A foreign key is added and validated in one step",
        "Nobody can write to either table until every row is looked up.",
        (
            "Add it with postgresql_not_valid=True: it holds for new rows at once.",
            "Validate it with op.validate_constraint() in a migration of its own: reads and writes go on.",
        ),
        foreign_key,
        POSTGRESQL,
    ),
    Rule(
        "check-validated",
        "A check is added and validated in one step",
        "Nobody can read or write the table until every row is checked.",
        (
            "Add it with postgresql_not_valid=True: it holds for new rows at once.",
            "Validate it with op.validate_constraint() in a migration of its own: reads and writes go on.",
        ),
        check,
        POSTGRESQL,
    ),
    Rule(
        "unique-on-existing",
        "Values that exist must be unique from now on",
        "It fails on repeated values. Nobody can write to the table until its index is built, and on PostgreSQL nobody "
        "can read it either when it is a constraint.",
        (
            "Refuse repeated values in a release, and remove those that exist in a migration with data().",
            "On PostgreSQL, build a unique index with postgresql_concurrently=True in a migration of its own that "
            "says `transactional = False`.",
            "Then turn the index into the constraint: op.unique_constraint_from_index().",
        ),
        unique,
    ),
    Rule(
        "exclusion",
        "An exclusion constraint is added to a table that has rows",
        "Nobody can read or write the table until every row is checked, and there is no way to do that later.",
        (
            "Create a table with the constraint, let the release write both, and copy the rows in a migration with "
            "data().",
        ),
        exclusion,
        POSTGRESQL,
    ),
    Rule(
        "primary-key",
        "A table's primary key changes",
        "Nobody can read or write the table until its index is built, and foreign keys to it prevent the change.",
        (
            "Build a unique index over the new key CONCURRENTLY, with its columns NOT NULL.",
            "In one short migration, drop the old key and let the index be the new one: "
            "ALTER TABLE … ADD PRIMARY KEY USING INDEX.",
        ),
        primary_key,
        POSTGRESQL,
    ),
)
