"""What each of Alembic's operations does to a state."""

from dataclasses import replace
from functools import partial, singledispatch
from typing import Any, cast

import sqlalchemy as sa
from alembic.operations import ops

from framework.migrations.errors import StateError
from framework.migrations.operations.alter_enum import AlterEnumOp, default_member, values_of
from framework.migrations.operations.renames import RenameConstraintOp, RenameIndexOp
from framework.migrations.operations.validation import NOT_VALID, UniqueFromIndexOp, ValidateConstraintOp
from framework.migrations.schema.reader import is_bare, read_column, read_constraint, read_index, read_table
from framework.migrations.schema.table import Check, Column, Constraint, ForeignKey, PrimaryKey, Unique, key_of
from framework.migrations.source.sql import server_default
from framework.migrations.state.state import State

__all__ = ["add_table", "apply_operation"]


@singledispatch
def apply_operation(operation: ops.MigrateOperation, state: State, app: str) -> frozenset[str]:
    """Change `state` as `operation` changes a database; return the keys of the tables it had to do with.

    An operation that is no change of schema, `op.execute()` above all, changes nothing.
    """
    return frozenset()


@apply_operation.register
def create_table(operation: ops.CreateTableOp, state: State, app: str) -> frozenset[str]:
    return add_table(operation, operation.to_table(), state, app)


def add_table(operation: ops.CreateTableOp, made: sa.Table, state: State, app: str) -> frozenset[str]:
    """Do what `apply_operation` does with a table that `operation` has made already, which is slow."""
    table = read_table(made, app)
    if table.key in state.tables:
        if operation.if_not_exists:
            return frozenset()
        raise StateError(f"Table {table.key!r} exists already at this point of the history.")
    state.put(table)
    return frozenset({table.key, *(item.target for item in table.foreign_keys)})


@apply_operation.register
def drop_table(operation: ops.DropTableOp, state: State, app: str) -> frozenset[str]:
    key = key_of(operation.table_name, operation.schema)
    if operation.if_exists and key not in state.tables:
        return frozenset()
    pointed_at = {item.target for item in state[key].foreign_keys}
    del state.tables[key]
    return frozenset({key, *pointed_at})


@apply_operation.register
def rename_table(operation: ops.RenameTableOp, state: State, app: str) -> frozenset[str]:
    key = key_of(operation.new_table_name, operation.schema)
    state.rename_table(key_of(operation.table_name, operation.schema), operation.new_table_name)
    # The app that gives a table its name owns it from then on.
    state.change(key, lambda table: replace(table, app=app))
    return frozenset({key})


@apply_operation.register
def rename_index(operation: RenameIndexOp, state: State, app: str) -> frozenset[str]:
    key = key_of(operation.table_name, operation.schema)
    state.rename_index(key, operation.old_name, operation.new_name)
    return frozenset({key})


@apply_operation.register
def rename_constraint(operation: RenameConstraintOp, state: State, app: str) -> frozenset[str]:
    key = key_of(operation.table_name, operation.schema)
    state.rename_constraint(key, operation.old_name, operation.new_name)
    return frozenset({key})


@apply_operation.register
def add_column(operation: ops.AddColumnOp, state: State, app: str) -> frozenset[str]:
    key = key_of(operation.table_name, operation.schema)
    table = state[key]
    column = read_column(operation.column)
    if column.name in table.columns:
        if operation.if_not_exists:
            return frozenset()
        raise StateError(f"Table {key!r} has a column {column.name!r} already at this point of the history.")
    if is_bare(operation.column):
        state.put(table.with_columns([*table.columns.values(), column]))
        return frozenset({key})
    # A column brings the keys and indexes that are said on it.
    alone = read_table(one_column_table(operation), app)
    constraints = tuple(item for item in alone.constraints if not isinstance(item, PrimaryKey))
    state.put(
        replace(
            table.with_columns([*table.columns.values(), column]),
            constraints=(*table.constraints, *constraints),
            indexes=(*table.indexes, *alone.indexes),
        )
    )
    return frozenset({key, *(item.target for item in alone.foreign_keys)})


def one_column_table(operation: ops.AddColumnOp) -> sa.Table:
    column = operation.column
    if column.table is not None:  # pyright: ignore[reportUnnecessaryComparison]  # a new column has none
        return column.table
    return ops.CreateTableOp(operation.table_name, [column], schema=operation.schema).to_table()


@apply_operation.register
def drop_column(operation: ops.DropColumnOp, state: State, app: str) -> frozenset[str]:
    key = key_of(operation.table_name, operation.schema)
    if operation.if_exists and operation.column_name not in state[key].columns:
        return frozenset()
    state.require_column(key, operation.column_name)
    state.change(key, lambda table: table.without_column(operation.column_name))
    return frozenset({key})


@apply_operation.register
def alter_column(operation: ops.AlterColumnOp, state: State, app: str) -> frozenset[str]:
    key = key_of(operation.table_name, operation.schema)
    state.require_column(key, operation.column_name)
    state.change(
        key,
        lambda table: table.with_columns(
            altered(column, operation) if column.name == operation.column_name else column
            for column in table.columns.values()
        ),
    )
    if operation.modify_name:
        state.rename_column(key, operation.column_name, operation.modify_name)
    return frozenset({key})


@apply_operation.register
def alter_enum(operation: AlterEnumOp, state: State, app: str) -> frozenset[str]:
    keys: set[str] = set()
    for schema, name, column in operation.places:
        key = key_of(name, schema)
        state.require_column(key, column)
        state.change(key, lambda table, column=column: table.map_column(column, partial(with_members, operation)))
        keys.add(key)
    return frozenset(keys)


def with_members(operation: AlterEnumOp, column: Column) -> Column:
    """Return a column whose enum has other members; a default that was one of the old follows or goes."""
    plain = read_column(sa.Column(column.name, operation.modify_type))
    column = replace(column, type=plain.type, sa_type=plain.sa_type)
    member, followed = default_member(column.sa_default), operation.followed(column.sa_default)
    if member not in values_of(operation.existing_type) or followed == member:
        return column
    default = None if followed is None else sa.DefaultClause(followed)
    return replace(column, default=server_default(default), sa_default=default)


def altered(column: Column, operation: ops.AlterColumnOp) -> Column:
    """Return `column` with what the operation modifies, read the way any column is."""
    default: object = operation.modify_server_default
    keep = default is False
    generated: list[Any] = [default] if isinstance(default, sa.Identity | sa.Computed) else []
    changed = read_column(
        sa.Column(
            column.name,
            column.sa_type if operation.modify_type is None else operation.modify_type,
            *generated,
            nullable=column.nullable if operation.modify_nullable is None else operation.modify_nullable,
            server_default=None if keep or generated else cast("Any", default),
            comment=column.comment if isinstance(operation.modify_comment, bool) else operation.modify_comment,
        )
    )
    if keep:
        changed = replace(changed, default=column.default, generated=column.generated, sa_default=column.sa_default)
    return replace(changed, options=column.options, sa_options=column.sa_options)


@apply_operation.register
def add_constraint(operation: ops.AddConstraintOp, state: State, app: str) -> frozenset[str]:
    made = operation.to_constraint()
    table: sa.Table = made.table
    key = key_of(table.name, table.schema)
    constraint = read_constraint(made)
    if constraint is None:
        return frozenset()
    state.add_constraint(key, constraint)
    return frozenset({key, constraint.target} if isinstance(constraint, ForeignKey) else {key})


@apply_operation.register
def drop_constraint(operation: ops.DropConstraintOp, state: State, app: str) -> frozenset[str]:
    key = key_of(operation.table_name, operation.schema)
    name = str(operation.constraint_name)
    if operation.if_exists and all(item.name != name for item in state[key].constraints):
        return frozenset()
    targets = {item.target for item in state[key].foreign_keys if item.name == name}
    state.drop_constraint(key, name)
    return frozenset({key, *targets})


@apply_operation.register
def validate_constraint(operation: ValidateConstraintOp, state: State, app: str) -> frozenset[str]:
    key = key_of(operation.table_name, operation.schema)
    if all(item.name != operation.constraint_name for item in state[key].constraints):
        raise StateError(f"Table {key!r} has no constraint {operation.constraint_name!r} at this point of the history.")

    def valid(item: Constraint) -> Constraint:
        if item.name != operation.constraint_name or not isinstance(item, ForeignKey | Check):
            return item
        return replace(item, options=tuple(option for option in item.options if option[0] != NOT_VALID))

    state.change(key, lambda found: found.map_constraints(valid))
    return frozenset({key})


@apply_operation.register
def unique_from_index(operation: UniqueFromIndexOp, state: State, app: str) -> frozenset[str]:
    key = key_of(operation.table_name, operation.schema)
    state.drop_index(operation.constraint_name, key)
    state.add_constraint(key, Unique(operation.constraint_name, tuple(operation.columns)))
    return frozenset({key})


@apply_operation.register
def create_index(operation: ops.CreateIndexOp, state: State, app: str) -> frozenset[str]:
    index = operation.to_index()
    key = key_of(operation.table_name, operation.schema)
    if operation.if_not_exists and any(item.name == operation.index_name for item in state[key].indexes):
        return frozenset()
    state.add_index(key, read_index(index))
    return frozenset({key})


@apply_operation.register
def drop_index(operation: ops.DropIndexOp, state: State, app: str) -> frozenset[str]:
    key = key_of(operation.table_name, operation.schema) if operation.table_name else None
    try:
        state.drop_index(str(operation.index_name), key)
    except StateError:
        if not operation.if_exists:
            raise
    return frozenset({key} if key else ())


@apply_operation.register
def create_table_comment(operation: ops.CreateTableCommentOp, state: State, app: str) -> frozenset[str]:
    return comment(state, key_of(operation.table_name, operation.schema), operation.comment)


@apply_operation.register
def drop_table_comment(operation: ops.DropTableCommentOp, state: State, app: str) -> frozenset[str]:
    return comment(state, key_of(operation.table_name, operation.schema), None)


def comment(state: State, key: str, text: str | None) -> frozenset[str]:
    state.change(key, lambda table: replace(table, comment=text))
    return frozenset({key})
