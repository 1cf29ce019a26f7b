"""How tables, columns, constraints and indexes are written."""

from collections.abc import Iterable

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
from framework.migrations.source.code import Code, alchemy, call, dialect, literal, op, sequence

__all__ = ["column_code", "constraint_code", "final", "index_columns", "keywords", "names", "optional", "table_parts"]


def keywords(options: Iterable[tuple[str, Code]]) -> dict[str, Code | None]:
    """Return options as keyword arguments."""
    return dict(options)


def names(columns: Iterable[str]) -> Code:
    """Return a list of names."""
    return sequence(map(literal, columns))


def optional(value: object) -> Code | None:
    """Return how a value is written; `None` is left out."""
    return None if value is None else literal(value)


def table_parts(table: Table) -> tuple[list[Code], dict[str, Code | None]]:
    """Return what `op.create_table` takes for a table; its indexes are made afterwards."""
    args = [*map(column_code, table.columns.values()), *map(constraint_code, table.constraints)]
    options = {"schema": optional(table.schema), "comment": optional(table.comment), **keywords(table.options)}
    return [literal(table.name), *args], options


def column_code(column: Column) -> Code:
    """Return a column; the keys it is part of are the table's."""
    generated = [column.generated] if column.generated else []
    return call(
        alchemy("Column"),
        literal(column.name),
        column.type,
        *generated,
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
            return call(alchemy("PrimaryKeyConstraint"), *map(literal, columns), name=name, **options)
        case ForeignKey(columns=columns, target=target, target_columns=targets):
            pointed = names(f"{target}.{column}" for column in targets)
            return call(alchemy("ForeignKeyConstraint"), names(columns), pointed, name=name, **options)
        case Unique(columns=columns):
            return call(alchemy("UniqueConstraint"), *map(literal, columns), name=name, **options)
        case Check(condition=condition):
            return call(alchemy("CheckConstraint"), literal(condition), name=final(name), **options)
        case Exclude(elements=elements):
            pairs = (sequence([code, literal(operator)], "()") for code, operator in elements)
            return call(dialect("postgresql", "ExcludeConstraint"), *pairs, name=name, **options)


def final(name: Code | None) -> Code | None:
    """Return the name of a check, marked as final: a naming convention would take it for a part of one."""
    return None if name is None else call(op("f"), name)


def index_columns(index: Index) -> Code:
    """Return what an index reads, as a list."""
    return sequence(index.expressions)
