"""How tables, columns, constraints and indexes are written."""

from collections.abc import Iterable
from typing import Any

from framework.migrations.schema import Check, Column, Constraint, Exclude, ForeignKey, Index, PrimaryKey, Table, Unique
from framework.migrations.source.code import ALCHEMY, OP, Code, call, dialect, literal, sequence

__all__ = ["column_code", "constraint_code", "final", "index_columns", "keywords", "names", "optional", "table_code"]


def keywords(options: Iterable[tuple[str, Code]]) -> dict[str, Any]:
    """Return options as keyword arguments."""
    return dict(options)


def names(columns: Iterable[str]) -> Code:
    """Return a list of names."""
    return sequence(map(literal, columns))


def optional(value: object) -> Code | None:
    """Return how a value is written; `None` is left out."""
    return None if value is None else literal(value)


def table_code(table: Table) -> Code:
    """Return the `op.create_table` of a table, without its indexes."""
    return call(
        "op.create_table",
        literal(table.name),
        *map(column_code, table.columns.values()),
        *map(constraint_code, table.constraints),
        imports=[OP],
        schema=optional(table.schema),
        comment=optional(table.comment),
        **keywords(table.options),
    )


def column_code(column: Column) -> Code:
    """Return a column; the keys it is part of are the table's."""
    generated = [column.generated] if column.generated else []
    return call(
        "sa.Column",
        literal(column.name),
        column.type,
        *generated,
        imports=[ALCHEMY],
        nullable=literal(column.nullable),
        server_default=column.default,
        comment=optional(column.comment),
        **keywords(column.options),
    )


def constraint_code(constraint: Constraint) -> Code:
    """Return a constraint as it stands inside a table."""
    name, options = optional(constraint.name), keywords(constraint.options)
    match constraint:
        case PrimaryKey(columns=columns):
            return call("sa.PrimaryKeyConstraint", *map(literal, columns), imports=[ALCHEMY], name=name, **options)
        case ForeignKey(columns=columns, target=target, target_columns=targets):
            pointed = names(f"{target}.{column}" for column in targets)
            return call("sa.ForeignKeyConstraint", names(columns), pointed, imports=[ALCHEMY], name=name, **options)
        case Unique(columns=columns):
            return call("sa.UniqueConstraint", *map(literal, columns), imports=[ALCHEMY], name=name, **options)
        case Check(condition=condition):
            return call("sa.CheckConstraint", literal(condition), imports=[ALCHEMY], name=final(name), **options)
        case Exclude(elements=elements):
            line = dialect("postgresql")
            pairs = (sequence([code, literal(operator)], "()") for code, operator in elements)
            return call("postgresql.ExcludeConstraint", *pairs, imports=[line], name=name, **options)


def final(name: Code | None) -> Code | None:
    """Return the name of a check, marked as final: a naming convention would take it for a part of one."""
    return None if name is None else call("op.f", name, imports=[OP])


def index_columns(index: Index) -> Code:
    """Return what an index reads, as a list."""
    return sequence(index.expressions)
