"""Columns: what altering one takes, and what rows that exist get."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.exc import CompileError, StatementError

from framework.migrations.autodetector import factory
from framework.migrations.autodetector.changes import Change
from framework.migrations.autodetector.questioner import IN_STEPS, LEAVE, Questioner, unanswered
from framework.migrations.autodetector.types import loss, using
from framework.migrations.operations.fill_nulls import FillNullsOp
from framework.migrations.schema.table import Column, Table
from framework.migrations.source.types import DIALECTS

__all__ = ["added", "altered"]

type Operations = list[ops.MigrateOperation]


def altered(table: Table, old: Column, new: Column, questioner: Questioner) -> Change | None:
    """Return the change that turns one column into another, or `None` when they are written the same."""
    if old == new:
        return None
    model = table.label.lower()
    if old.type != new.type and (lost := loss(type_of(old), type_of(new))):
        require_agreement(questioner.narrowed(table, old, new, lost), f"{table.label}.{new.name}: {lost}")
    return Change(
        table.app,
        "~",
        f"Alter field {new.name} on {model}",
        f"alter_{model}_{new.name}",
        forbidding_null(table, old, new, questioner) if old.nullable and not new.nullable else alter(table, old, new),
        alter(table, new, old),
        needs={("column", table.key, new.name)},
    )


def require_agreement(agreed: bool, what: str) -> None:
    if not agreed:
        raise unanswered(f"Not migrated, as you answered: {what}.", "Change models.py.", "migrations.narrowed")


def type_of(column: Column) -> Any:
    return column.sa_type


def forbidding_null(table: Table, old: Column, new: Column, questioner: Questioner) -> Operations:
    """Return what turns one column into another that may not be NULL, filling rows that are."""
    if new.initial is not None:
        value = new.initial
    elif new.generated is not None:
        value = LEAVE
    else:
        value = questioner.value_for_nulls(table, new)
    if value is LEAVE:
        return alter(table, old, new)
    open_ = replace(new, nullable=True)
    first = alter(table, old, open_) if open_ != old else []
    return [*first, fill(table, new, value), *alter(table, open_, new)]


def fill(table: Table, column: Column, value: Any) -> FillNullsOp:
    return FillNullsOp(table.name, column.name, value, type_of(column), table.schema)


def alter(table: Table, old: Column, new: Column) -> Operations:
    """Return what turns one column into another; what stays is said too, for databases that must repeat it."""
    retyped = old.type != new.type
    conversion = using(new.name, type_of(old), type_of(new)) if retyped else None
    same_default = (old.default, old.generated) == (new.default, new.generated)
    before: Operations = []
    if conversion and old.default:
        # PostgreSQL converts the rows by the expression, but not the default.
        before.append(ops.AlterColumnOp(table.name, old.name, schema=table.schema, modify_server_default=None))
        same_default = new.default is None
    options = {} if conversion is None else {"postgresql_using": conversion}
    change = ops.AlterColumnOp(
        table.name,
        old.name,
        schema=table.schema,
        existing_type=old.sa_type,
        existing_nullable=old.nullable if old.nullable == new.nullable else None,
        modify_type=new.sa_type if retyped else None,
        modify_nullable=None if old.nullable == new.nullable else new.nullable,
        # False is Alembic's word for "as it was".
        modify_server_default=False if same_default else default_of(new),
        modify_comment=False if old.comment == new.comment else new.comment,
        **options,
    )
    return [*before, change]


def default_of(column: Column) -> Any:
    default = column.sa_default
    return default.arg if isinstance(default, sa.DefaultClause) else default


def added(table: Table, column: Column, questioner: Questioner) -> tuple[Operations, list[Change]]:
    """Return what adds a column, filling rows that cannot be left without a value, and the steps that come later."""
    if column.nullable or column.default or column.generated:
        return [factory.add_column(table, column)], []
    value = questioner.value_for_existing_rows(table, column) if column.initial is None else column.initial
    open_ = replace(column, nullable=True)
    if value is IN_STEPS:
        return [factory.add_column(table, open_)], [*steps(table, open_, column)]
    default = as_default(column, value)
    if default is None:
        # The databases write such a value differently: it is sent as a parameter.
        return [factory.add_column(table, open_), fill(table, column, value), *alter(table, open_, column)], []
    filled = replace(column, sa_default=sa.DefaultClause(default))
    # The default serves this once; afterwards the model gives the value again.
    forget = ops.AlterColumnOp(table.name, column.name, schema=table.schema, modify_server_default=None)
    return [factory.add_column(table, filled), forget], []


def steps(table: Table, open_: Column, column: Column) -> Iterable[Change]:
    """Yield what fills a column that was added so that it may be NULL, and what forbids NULL then."""
    model, here = table.label.lower(), ("column", table.key, column.name)
    filled = ("filled", table.key, column.name)
    backfill = Change(table.app, "~", f"Fill field {column.name} on {model}", f"fill_{model}_{column.name}", [], [])
    backfill.provides, backfill.needs, backfill.alone, backfill.late = {filled}, {here}, True, True
    backfill.data = filling(table, column)
    yield backfill
    contract = Change(
        table.app,
        "~",
        f"Alter field {column.name} on {model}",
        f"alter_{model}_{column.name}",
        alter(table, open_, column),
        alter(table, column, open_),
    )
    contract.needs, contract.late = {here, filled}, True
    yield contract


def filling(table: Table, column: Column) -> list[str]:
    """Return the lines of a `data()` that fills a column, to be completed."""
    key = table.primary_key
    names = key.columns if key else ()
    listed = ", ".join(f'table.c["{name}"]' for name in names)
    parts = [f'table.c["{name}"] == row[{place}]' for place, name in enumerate(names)]
    here = parts[0] if len(parts) == 1 else " & ".join(f"({part})" for part in parts)
    schema = f', "{table.schema}"' if table.schema else ""
    return [
        f'table = migration.table("{table.name}"{schema})',
        f'column = table.c["{column.name}"]',
        f"missing = sa.select({listed}).where(column.is_(None))",
        "async for rows in migration.batches(missing):",
        "    for row in rows:",
        '        raise NotImplementedError("Say below what this row gets.")',
        f"        here = {here}",
        "        await migration.execute(table.update().where(here).values({column: None}))",
    ]


def as_default(column: Column, value: object) -> Any:
    """Return a server default for a plain value, or `None` when the databases would write it differently."""
    if isinstance(value, bool):
        return sa.true() if value else sa.false()
    if type(value) in (str, int, float, Decimal) and not isinstance(column.sa_type, sa.JSON):
        return str(value)
    written = {literal(column, value, dialect) for dialect in DIALECTS.values()}
    return sa.text(written.pop() or "") if len(written) == 1 and None not in written else None


def literal(column: Column, value: object, dialect: Any) -> str | None:
    try:
        bound = sa.literal(value, column.sa_type)
        return str(bound.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    except (CompileError, StatementError, LookupError, ValueError, TypeError, AttributeError):
        return None
