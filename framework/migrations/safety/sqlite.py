"""The rule about SQLite, whose ALTER TABLE lacks most: the table is rebuilt and its rows are copied."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import ops

from framework.migrations.operations.alter_enum import AlterEnumOp
from framework.migrations.operations.validation import NOT_VALID, UniqueFromIndexOp, ValidateConstraintOp
from framework.migrations.safety.rule import SQLITE, Case, Rule

__all__ = ["RULES"]

ALTERING = (ops.DropColumnOp, ops.DropConstraintOp, UniqueFromIndexOp, ValidateConstraintOp)


def rebuilds(case: Case) -> bool:
    """Tell whether SQLite has to copy the table."""
    match case.operation:
        case ops.AddColumnOp():
            if case.result is None:
                return False
            default = case.result.sa_default
            # SQLite adds a column itself when its default is a plain value and no key comes with it.
            plain = default is None or (isinstance(default, sa.DefaultClause) and isinstance(default.arg, str))
            return bool(case.constraints) or not plain
        case AlterEnumOp(existing_type=old, modify_type=new):
            # Kept as text, it has a length, and a check if that is wanted.
            return bool(old.create_constraint or new.create_constraint or old.length != new.length)
        case ops.AlterColumnOp() as operation:
            alone = not operation.kw and operation.modify_type is None and operation.modify_nullable is None
            return not (operation.modify_name and alone and operation.modify_server_default is False)
        case ops.AddConstraintOp() as operation:
            return not getattr(operation, "kw", {}).get(NOT_VALID)  # it waits until it is validated
        case operation:
            return isinstance(operation, ALTERING)


def rebuild(case: Case) -> Iterator[str]:
    if case.table is None or not rebuilds(case):
        return
    key = case.table.key
    if not any(item.table and item.table.key == key and rebuilds(item) for item in case.earlier):
        yield f"copies all rows of {key!r}"


RULES = (
    Rule(
        "sqlite-rebuild",
        "SQLite rebuilds a table",
        "Nobody can write to the database until all rows are copied.",
        (
            "Put all changes of the table into one migration: the rows are copied once.",
            "Migrate when nobody writes, or add columns only: nullable, or with a plain default.",
        ),
        rebuild,
        SQLITE,
    ),
)
