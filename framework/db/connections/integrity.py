"""A broken constraint as a domain error: which model, which constraint, which fields; the same on both databases."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import CheckConstraint, Column, Index, Table
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.schema import Constraint
from sqlmodel import SQLModel
from sqlmodel.main import default_registry

from framework.db.connections.foreign_keys import Broken, broken_key, written_table
from framework.db.mapping.naming import snake
from framework.errors import Conflict, DomainError, Invalid

__all__ = ["ConstraintConflict", "ConstraintInvalid", "violation"]

type Kind = Literal["taken", "required", "refused", "missing", "in use"]


class ConstraintConflict(Conflict):
    """A unique value is taken, or a row is still referred to."""

    model: type[SQLModel] | None = None
    """The model whose constraint it is; `None` for a table without one."""
    constraint: str | None = None
    """The constraint's name, where the database has one for it."""


class ConstraintInvalid(Invalid):
    """A required value is missing, a check failed, or a foreign key points nowhere."""

    model: type[SQLModel] | None = None
    """The model whose constraint it is; `None` for a table without one."""
    constraint: str | None = None
    """The constraint's name, where the database has one for it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What a database said of a constraint, before models and sentences."""

    kind: Kind
    table: Table | None
    constraint: str | None
    columns: tuple[str, ...]


def violation(context: ExceptionContext) -> DomainError:
    """Return the domain error for an integrity error of either driver."""
    found = read_sqlite(context) if context.dialect.name == "sqlite" else read_postgresql(context)
    model = model_of(found.table)
    names = [field_of(model, column) for column in found.columns]
    subject = snake(model.__name__).replace("_", " ") if model else ""
    error_type = ConstraintConflict if found.kind in ("taken", "in use") else ConstraintInvalid
    error = error_type(
        subject,
        detail=sentence(found.kind, subject, names),
        fields={name: field_message(found.kind, names) for name in names},
    )
    error.model, error.constraint = model, found.constraint
    return error


def sentence(kind: Kind, subject: str, names: list[str]) -> str:
    """Return what a person reads."""
    what = subject[:1].upper() + subject[1:] if subject else "Row"
    if kind == "in use":
        return f"{what} still refers to it."
    if not names:
        return f"{what} breaks a rule of the database."
    fields = " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
    return {
        "taken": f"{what} with this {fields} already exists.",
        "required": f"{what} needs {fields}.",
        "refused": f"{what} cannot have this {fields}.",
        "missing": f"{what} refers by {fields} to something that does not exist.",
    }[kind]


def field_message(kind: Kind, names: list[str]) -> str:
    """Return what a person reads beside one field."""
    return {
        "taken": "Already taken." if len(names) == 1 else "Already taken in this combination.",
        "required": "This field is required.",
        "refused": "This value is not allowed.",
        "missing": "Does not exist.",
        "in use": "Still refers to it.",
    }[kind]


# What the drivers say ----------------------------------------------------------------------------------------------

POSTGRESQL: dict[str, Kind] = {
    "23505": "taken",
    "23P01": "taken",
    "23502": "required",
    "23514": "refused",
    "23503": "missing",
    "23001": "in use",
}


def read_postgresql(context: ExceptionContext) -> Violation:
    """Read asyncpg's error, which names schema, table, column and constraint."""
    error: Any = getattr(context.original_exception, "driver_exception", context.original_exception)
    kind = POSTGRESQL.get(str(error.sqlstate), "refused")
    table = table_named(context, error.table_name, error.schema_name)
    constraint: str | None = error.constraint_name
    if kind == "required":  # newer servers name these constraints, older ones and SQLite do not
        return Violation(kind, table, None, (error.column_name,) if error.column_name else ())
    known = find_constraint(table, constraint, context)
    columns = columns_of(known) or key_columns(error.detail)
    if kind == "missing" and not points_nowhere(context, known, error.detail):
        kind = "in use"
    return Violation(kind, table, name_of(known) or constraint, columns)


SQLITE: dict[str, Kind] = {
    "SQLITE_CONSTRAINT_UNIQUE": "taken",
    "SQLITE_CONSTRAINT_PRIMARYKEY": "taken",
    "SQLITE_CONSTRAINT_ROWID": "taken",
    "SQLITE_CONSTRAINT_NOTNULL": "required",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "missing",
    "SQLITE_CONSTRAINT_TRIGGER": "missing",
}


def read_sqlite(context: ExceptionContext) -> Violation:
    """Read SQLite's error: a sentence that ends in columns, in a constraint's name, or in nothing at all."""
    error: Any = context.original_exception
    kind = SQLITE.get(error.sqlite_errorname, "refused")
    if kind == "missing":
        broken = broken_key(context)
        return from_key(broken, written_table(context))
    told = str(error).partition("constraint failed: ")[2]
    if kind == "refused":
        table = written_table(context)
        known = find_constraint(table, told, context)
        return Violation(kind, table, name_of(known) or told or None, columns_of(known))
    if told.startswith("index "):
        table = written_table(context)
        known = find_constraint(table, told.removeprefix("index ").strip("'"), context)
        return Violation(kind, table, name_of(known), columns_of(known))
    pairs = [part.strip().rpartition(".") for part in told.split(",")]
    table = table_named(context, pairs[0][0], None)
    columns = tuple(pair[2] for pair in pairs)
    constraint = name_of(find_unique(table, columns)) if kind == "taken" else None
    return Violation(kind, table, constraint, columns)


def from_key(broken: Broken | None, table: Table | None) -> Violation:
    """Return the violation of a foreign key; without the key where it could not be found."""
    if broken is None:
        return Violation("missing", table, None, ())
    key = broken.key
    columns = tuple(str(column.name) for column in key.columns)
    return Violation("in use" if broken.in_use else "missing", key.table, name_of(key), columns)


def key_columns(detail: str | None) -> tuple[str, ...]:
    """Read the columns from `Key (a, b)=(1, 2) …`, whatever language the server speaks; the values stay out."""
    found = re.search(r"\(([^()]+)\)=\(", detail or "")
    return tuple(part.strip().strip('"') for part in found.group(1).split(",")) if found else ()


def points_nowhere(context: ExceptionContext, key: Constraint | Index | None, detail: str | None) -> bool:
    """Tell a key that points nowhere from a row that others still point to: PostgreSQL has one code for both."""
    execution: Any = context.execution_context
    if execution is not None and (execution.isinsert or execution.isdelete):
        return bool(execution.isinsert)
    return key is None or set(columns_of(key)) == set(key_columns(detail))


# What the models say -----------------------------------------------------------------------------------------------


def table_named(context: ExceptionContext, name: str | None, schema: str | None) -> Table | None:
    """Return the table the database names: the statement's own, else a model's."""
    written = written_table(context)
    if written is not None and written.name == name:
        return written
    tables = SQLModel.metadata.tables
    return tables.get(f"{schema}.{name}", tables.get(name or ""))


def model_of(table: Table | None) -> type[SQLModel] | None:
    """Return the model of a table."""
    for mapper in default_registry.mappers:
        if table is not None and mapper.local_table is table:
            return mapper.class_
    return None


def field_of(model: type[SQLModel] | None, column: str) -> str:
    """Return the name of the field that a column is stored under; the column's own without one."""
    if model is not None:
        mapper = next(mapper for mapper in default_registry.mappers if mapper.class_ is model)
        for attribute in mapper.column_attrs:
            if any(getattr(part, "name", None) == column for part in attribute.columns):
                return attribute.key
    return column


def named(table: Table | None) -> Iterable[Constraint | Index]:
    return (*table.constraints, *table.indexes) if table is not None else ()


def find_constraint(table: Table | None, name: str | None, context: ExceptionContext) -> Constraint | Index | None:
    """Return the constraint or index that the database calls `name`: long names are cut on PostgreSQL."""
    preparer: Any = context.dialect.identifier_preparer
    for candidate in named(table):
        own = name_of(candidate)
        if own is None:
            continue
        is_index = isinstance(candidate, Index)
        rendered = preparer.format_index(candidate) if is_index else preparer.format_constraint(candidate)
        if name in (own, str(rendered).strip('"')):
            return candidate
    return None


def find_unique(table: Table | None, columns: tuple[str, ...]) -> Constraint | Index | None:
    """Return what makes these columns unique."""
    for candidate in named(table):
        unique = candidate.unique if isinstance(candidate, Index) else not isinstance(candidate, CheckConstraint)
        if unique and not hasattr(candidate, "referred_table") and set(columns_of(candidate)) == set(columns):
            return candidate
    return None


def name_of(constraint: Constraint | Index | None) -> str | None:
    """Return a constraint's name, or `None` when it has none."""
    name = constraint.name if constraint is not None else None
    return str(name) if isinstance(name, str) else None


def columns_of(constraint: Constraint | Index | None) -> tuple[str, ...]:
    """Return the columns a constraint is about; a check that is plain text is read for their names."""
    if constraint is None:
        return ()
    if isinstance(constraint, CheckConstraint):
        words = set(re.findall(r"\w+", str(constraint.sqltext)))
        return tuple(column.name for column in constraint.table.columns if column.name in words)
    columns: Iterable[Column[Any]] = getattr(constraint, "columns", ())
    return tuple(str(column.name) for column in columns)
