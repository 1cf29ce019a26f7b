"""Columns: what altering one takes, and what rows that exist get in a new one."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.exc import CompileError

from framework.migrations.autodetector import making
from framework.migrations.autodetector.changes import Change
from framework.migrations.questioner import Questioner
from framework.migrations.schema import Column, Table
from framework.migrations.source.types import DIALECTS

__all__ = ["altered", "with_value"]


def altered(old_table: Table, table: Table, old: Column, new: Column) -> Change | None:
    """Return the change that turns one column into another, or `None` when they are written the same."""
    if old == new:
        return None
    model = table.label.lower()
    return Change(
        table.app,
        "~",
        f"Alter field {new.name} on {model}",
        f"alter_{model}_{new.name}",
        [alter(old_table, old, new)],
        [alter(table, new, old)],
        needs={("column", table.key, new.name)},
    )


def alter(table: Table, old: Column, new: Column) -> ops.AlterColumnOp:
    """Return what turns one column into another; what stays is said too, for databases that must repeat it."""
    # False is Alembic's word for "as it was".
    same_default = (old.default, old.generated) == (new.default, new.generated)
    return ops.AlterColumnOp(
        table.name,
        old.name,
        schema=table.schema,
        existing_type=old.sa_type,
        existing_nullable=old.nullable if old.nullable == new.nullable else None,
        modify_type=None if old.type == new.type else new.sa_type,
        modify_nullable=None if old.nullable == new.nullable else new.nullable,
        modify_server_default=False if same_default else default_of(new),
        modify_comment=False if old.comment == new.comment else new.comment,
    )


def default_of(column: Column) -> Any:
    default = column.sa_default
    return default.arg if isinstance(default, sa.DefaultClause) else default


def with_value(table: Table, column: Column, questioner: Questioner) -> list[ops.MigrateOperation]:
    """Return what adds a column, filling rows that exist when they cannot be left without a value."""
    if column.nullable or column.default or column.generated:
        return [making.add_column(table, column)]
    default = None if column.initial is None else as_default(column, column.initial)
    if default is None:
        default = as_default(column, questioner.value_for_existing_rows(table, column))
    filled = replace(column, sa_default=sa.DefaultClause(default))
    # The default serves this once; afterwards the model gives the value again.
    forget = ops.AlterColumnOp(table.name, column.name, schema=table.schema, modify_server_default=None)
    return [making.add_column(table, filled), forget]


def as_default(column: Column, value: object) -> Any:
    """Return a server default for a plain value, or `None` when the databases would write it differently."""
    if isinstance(value, bool):
        return sa.true() if value else sa.false()
    if type(value) in (str, int, float, Decimal):
        return str(value)
    written = {literal(column, value, dialect) for dialect in DIALECTS.values()}
    return sa.text(written.pop() or "") if len(written) == 1 and None not in written else None


def literal(column: Column, value: object, dialect: Any) -> str | None:
    try:
        bound = sa.literal(value, column.sa_type)
        return str(bound.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    except (CompileError, LookupError, ValueError, TypeError):
        return None
