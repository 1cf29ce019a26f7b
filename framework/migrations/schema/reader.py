"""Reads SQLAlchemy's tables into the plain values of `schema`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.sql.visitors import iterate

from framework.migrations.schema.identifiers import cut
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
from framework.migrations.source.code import Code, alchemy, call, literal
from framework.migrations.source.sql import server_default, sql_code, sql_text
from framework.migrations.source.types import type_code

__all__ = ["CONCURRENTLY", "generated_code", "is_bare", "read_column", "read_constraint", "read_index", "read_table"]

CONCURRENTLY = "postgresql_concurrently"  # how an index is made, not what it is
IDENTITY = ("always", "start", "increment", "minvalue", "maxvalue", "nominvalue", "nomaxvalue", "cycle", "cache")


def read_table(table: sa.Table, app: str, model: str = "") -> Table:
    """Return a table with its columns, constraints and indexes."""
    options = {**table.kwargs, **({"prefixes": prefixes} if (prefixes := prefixes_of(table)) else {})}
    columns = {column.name: read_column(column) for column in table.columns}
    # A key is NOT NULL whatever the column says.
    key = {column.name: replace(columns[column.name], nullable=False) for column in table.primary_key.columns}
    return Table(
        name=table.name,
        app=app,
        columns=columns | key,
        constraints=tuple(read_constraints(table)),
        indexes=tuple(sorted(map(read_index, table.indexes), key=lambda index: index.name or "")),
        schema=table.schema,
        comment=table.comment,
        options=codes(options),
        model=model or str(table.info.get("model", "")),
        sa_options=options,
    )


def prefixes_of(table: sa.Table) -> list[str]:
    prefixes = cast("list[object]", table._prefixes)  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]  # no public way
    return list(map(str, prefixes))


def read_column(column: "sa.Column[Any]") -> Column:
    """Return one column without its keys, which are the table's."""
    default = column.server_default
    generated = default if isinstance(default, sa.Identity | sa.Computed) else None
    # Few columns have any, and to look through `kwargs` takes as long as all the rest.
    options: dict[str, Any] = dict(column.kwargs) if column.dialect_options else {}
    if column.autoincrement not in ("auto", "ignore_fk"):
        options["autoincrement"] = column.autoincrement
    default_of_model: Any = column.default
    initial = default_of_model.arg if isinstance(default_of_model, ScalarElementColumnDefault) else None
    return Column(
        name=column.name,
        type=type_code(column.type),
        nullable=bool(column.nullable),
        default=server_default(default),
        generated=None if generated is None else generated_code(generated),
        comment=column.comment,
        options=codes(options),
        sa_type=column.type,
        sa_default=default,
        sa_options=options,
        initial=initial,
    )


def is_bare(column: "sa.Column[Any]") -> bool:
    """Tell whether a new column comes alone: no key, no index, and no constraint of its own or of its type's."""
    if column.primary_key or column.unique or column.index or column.foreign_keys or column.constraints:
        return False
    variants = column.type._variant_mapping  # pyright: ignore[reportPrivateUsage]  # no public way
    return not variants and not isinstance(column.type, sa.types.SchemaType | sa.types.TypeDecorator)


def generated_code(value: sa.Identity | sa.Computed) -> Code:
    """Return how a value that the database generates is written."""
    if isinstance(value, sa.Computed):
        persisted = None if value.persisted is None else literal(value.persisted)
        return call(alchemy("Computed"), literal(sql_text(value.sqltext)), persisted=persisted)
    given = {name: option for name in IDENTITY if (option := getattr(value, name)) not in (None, False)}
    return call(alchemy("Identity"), **{name: literal(option) for name, option in given.items()})


def read_constraints(table: sa.Table) -> Iterable[Constraint]:
    """Yield a table's constraints in the order of a file: the key, what it points at, what must be unique or true."""
    order = ("primary", "foreignkey", "unique", "check", "exclude")
    found = [item for constraint in table.constraints if (item := read_constraint(constraint)) is not None]
    return sorted(found, key=lambda item: (order.index(item.kind), item.name or "", item.columns))


def read_constraint(constraint: sa.Constraint) -> Constraint | None:
    """Return a constraint, or `None` for one that comes with a column's type or guards nothing."""
    name = name_of(constraint.name)
    if isinstance(constraint, sa.PrimaryKeyConstraint):
        columns = names(constraint.columns)
        return PrimaryKey(name, columns, codes(constraint.dialect_kwargs)) if columns else None
    if isinstance(constraint, sa.ForeignKeyConstraint):
        return read_foreign_key(constraint, name)
    if isinstance(constraint, sa.UniqueConstraint):
        return Unique(name, names(constraint.columns), timing(constraint) + codes(constraint.dialect_kwargs))
    if isinstance(constraint, ExcludeConstraint):
        return read_exclude(constraint, name)
    if isinstance(constraint, sa.CheckConstraint):
        if constraint._type_bound:  # pyright: ignore[reportPrivateUsage]  # written with the type
            return None
        columns = columns_in(constraint.sqltext)
        return Check(name, sql_text(constraint.sqltext), columns, given(constraint.dialect_kwargs))
    return None


def read_foreign_key(constraint: sa.ForeignKeyConstraint, name: str | None) -> ForeignKey:
    targets = [element.target_fullname.rpartition(".") for element in constraint.elements]
    options = {
        "ondelete": constraint.ondelete,
        "onupdate": constraint.onupdate,
        "match": constraint.match,
        **{name: value for name, value in constraint.dialect_kwargs.items() if value is not False},
    }
    return ForeignKey(
        name,
        names(constraint.columns),
        targets[0][0],
        tuple(column for _, _, column in targets),
        codes({key: value for key, value in options.items() if value is not None}) + timing(constraint),
    )


def read_exclude(constraint: ExcludeConstraint, name: str | None) -> Exclude:
    rendered = cast("list[tuple[object, str, str]]", constraint._render_exprs)  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]  # no public way
    options = {"using": constraint.using or "gist", "where": constraint.where}
    return Exclude(
        name,
        tuple((sql_code(expression), operator) for expression, _, operator in rendered),
        codes({key: value for key, value in options.items() if value is not None}) + timing(constraint),
        tuple(column for expression, _, _ in rendered for column in columns_in(expression)),
    )


def read_index(index: sa.Index) -> Index:
    """Return an index; what it reads besides plain columns is SQL."""
    columns = dict.fromkeys(name for expression in index.expressions for name in columns_in(expression))
    return Index(
        name_of(index.name),
        tuple(map(sql_code, index.expressions)),
        bool(index.unique),
        given({name: value for name, value in index.dialect_kwargs.items() if name != CONCURRENTLY}),
        tuple(columns),
    )


def columns_in(expression: object) -> tuple[str, ...]:
    """Return the names of the columns an expression reads; for plain SQL, of every word that may be one."""
    if isinstance(expression, str):
        return words(expression)
    if not isinstance(expression, ClauseElement):
        return ()
    found = cast("Iterable[Any]", iterate(expression))
    named = [word for item in found for word in words(sql_text(item)) if isinstance(item, sa.Column | sa.TextClause)]
    return tuple(dict.fromkeys(named))


def words(sql: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(re.findall(r"[A-Za-z_]\w*", re.sub(r"'(?:[^']|'')*'", "", sql))))


def timing(constraint: sa.Constraint) -> tuple[tuple[str, Code], ...]:
    options = {"deferrable": constraint.deferrable, "initially": constraint.initially}
    return codes({name: value for name, value in options.items() if value is not None})


def names(columns: Iterable["sa.Column[Any]"]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)


def name_of(name: object) -> str | None:
    # SQLAlchemy marks "no name yet" by a symbol that is no string.
    return cut(str(name)) if isinstance(name, str) else None


def given(options: Mapping[Any, Any]) -> tuple[tuple[str, Code], ...]:
    """Return the options that say something."""
    return codes({name: value for name, value in options.items() if value not in (None, False, {})})


def codes(options: Mapping[Any, Any]) -> tuple[tuple[str, Code], ...]:
    return tuple(sorted((str(name), sql_code(value)) for name, value in options.items()))
