"""Builds SQLAlchemy's tables back from the plain values of `schema`."""

from collections.abc import Iterable
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from framework.migrations.schema.table import (
    Check,
    Column,
    Constraint,
    Exclude,
    ForeignKey,
    Index,
    PrimaryKey,
    Table,
    Unique,
)
from framework.migrations.source.code import Code

__all__ = ["build_column", "build_constraint", "build_index", "build_metadata", "build_table", "value"]


def build_metadata(tables: Iterable[Table]) -> sa.MetaData:
    """Return a `MetaData` of these tables; it has no naming convention, for every name is said."""
    metadata = sa.MetaData()
    for table in tables:
        build_table(table, metadata)
    return metadata


def build_table(table: Table, metadata: sa.MetaData) -> sa.Table:
    """Add a table to `metadata`; what it points at may follow later."""
    key = table.primary_key
    columns = [build_column(column, bool(key and column.name in key.columns)) for column in table.columns.values()]
    constraints = [build_constraint(constraint) for constraint in table.constraints]
    built = sa.Table(
        table.name,
        metadata,
        *columns,
        *constraints,
        schema=table.schema,
        comment=table.comment,
        info={"app": table.app, "model": table.label},
        **table.sa_options,
    )
    for index in table.indexes:
        build_index(index, built)
    return built


def build_column(column: Column, primary_key: bool = False) -> "sa.Column[Any]":
    """Return a column that belongs to no table yet."""
    default = column.sa_default
    generated = [default._copy()] if isinstance(default, sa.Identity | sa.Computed) else []  # pyright: ignore[reportPrivateUsage]  # no public way
    return sa.Column(
        column.name,
        column.sa_type,
        *generated,
        primary_key=primary_key,
        nullable=column.nullable,
        server_default=cast("Any", default.arg) if isinstance(default, sa.DefaultClause) else None,
        comment=column.comment,
        **column.sa_options,
    )


def build_constraint(constraint: Constraint) -> sa.Constraint:
    """Return a constraint that belongs to no table yet."""
    options = {name: value(code) for name, code in constraint.options}
    match constraint:
        case PrimaryKey(name=name, columns=columns):
            return sa.PrimaryKeyConstraint(*columns, name=name, **options)
        case ForeignKey(name=name, columns=columns, target=target, target_columns=targets):
            # use_alter would split the constraint off; here it is part of the table.
            references = [f"{target}.{column}" for column in targets]
            return sa.ForeignKeyConstraint(columns, references, name=name, **options)
        case Unique(name=name, columns=columns):
            return sa.UniqueConstraint(*columns, name=name, **options)
        case Check(name=name, condition=condition):
            return sa.CheckConstraint(condition, name=name, **options)
        case Exclude(name=name, elements=elements):
            pairs = [(value(code), operator) for code, operator in elements]
            return postgresql.ExcludeConstraint(*pairs, name=name, **options)


def build_index(index: Index, table: sa.Table) -> sa.Index:
    """Return an index of a table that is built already."""
    options = {name: value(code) for name, code in index.options}
    expressions = [table.c[item] if isinstance(item, str) else item for item in map(value, index.expressions)]
    return sa.Index(index.name, *expressions, unique=index.unique, _table=table, **options)


def value(code: Code) -> Any:
    """Return the value that a piece of our own source stands for."""
    from ast import literal_eval

    prefix = "sa.text("
    if code.text.startswith(prefix):
        return sa.text(cast("str", literal_eval(code.text[len(prefix) : -1])))
    return literal_eval(code.text)
