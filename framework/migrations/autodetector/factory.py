"""Makes Alembic's operations out of the plain values of `schema`."""

from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from framework.errors import CommandError
from framework.migrations.schema.builder import build_column, build_constraint, build_index, build_table, value
from framework.migrations.schema.table import Column, Constraint, ForeignKey, Index, PrimaryKey, Table

__all__ = [
    "add_column",
    "add_constraint",
    "create_index",
    "create_table",
    "drop_column",
    "drop_constraint",
    "drop_index",
]
__all__ += ["drop_table"]

KINDS = {"exclude": None}


def create_table(table: Table) -> list[ops.MigrateOperation]:
    """Return what makes a table and its indexes."""
    columns = [build_column(column) for column in table.columns.values()]
    constraints = [build_constraint(constraint) for constraint in table.constraints]
    made = ops.CreateTableOp(
        table.name, [*columns, *constraints], schema=table.schema, comment=table.comment, **table.sa_options
    )
    return [made, *(create_index(table, index) for index in table.indexes)]


def drop_table(table: Table) -> ops.DropTableOp:
    """Return what drops a table; its indexes go with it."""
    return ops.DropTableOp(table.name, schema=table.schema)


def add_column(table: Table, column: Column) -> ops.AddColumnOp:
    """Return what adds a column."""
    return ops.AddColumnOp(table.name, build_column(column), schema=table.schema)


def drop_column(table: Table, column: Column) -> ops.DropColumnOp:
    """Return what drops a column."""
    return ops.DropColumnOp(table.name, column.name, schema=table.schema)


def add_constraint(table: Table, constraint: Constraint) -> ops.AddConstraintOp:
    """Return what adds a constraint."""
    if isinstance(constraint, PrimaryKey):
        return ops.CreatePrimaryKeyOp(constraint.name, table.name, list(constraint.columns), schema=table.schema)
    if isinstance(constraint, ForeignKey):
        return add_foreign_key(table, constraint)
    alone = build_constraint(constraint)
    build_table(table, sa.MetaData()).append_constraint(alone)
    return ops.AddConstraintOp.from_constraint(alone)


def add_foreign_key(table: Table, key: ForeignKey) -> ops.CreateForeignKeyOp:
    """Return what adds a foreign key; the table it points at need not be known."""
    schema, _, name = key.target.rpartition(".")
    return ops.CreateForeignKeyOp(
        key.name,
        table.name,
        name,
        list(key.columns),
        list(key.target_columns),
        source_schema=table.schema,
        referent_schema=schema or None,
        **{option: value(code) for option, code in key.options},
    )


def drop_constraint(table: Table, constraint: Constraint) -> ops.DropConstraintOp:
    """Return what drops a constraint. One without a name cannot be dropped."""
    if constraint.name is None:
        raise CommandError(
            f"A {constraint.kind} constraint over {', '.join(constraint.columns)} of table {table.key!r} "
            "has to be dropped, but the migrations give it no name.",
            hint="Drop it in a migration of your own (makemigrations --empty), by the name the database gave it.",
            code="migrations.unnamed",
        )
    kind: Any = KINDS.get(constraint.kind, constraint.kind)
    return ops.DropConstraintOp(constraint.name, table.name, type_=kind, schema=table.schema)


def create_index(table: Table, index: Index) -> ops.CreateIndexOp:
    """Return what makes an index."""
    return ops.CreateIndexOp.from_index(build_index(index, build_table(table, sa.MetaData())))


def drop_index(table: Table, index: Index) -> ops.DropIndexOp:
    """Return what drops an index."""
    return ops.DropIndexOp(str(index.name), table.name, schema=table.schema)
