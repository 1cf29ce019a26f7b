"""How a table's columns, keys, checks and indexes are written in models.py."""

import ast
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from framework.migrations.inspectdb.annotations import annotate
from framework.migrations.inspectdb.conventions import by_convention, check_name
from framework.migrations.schema.table import Check, Column, Constraint, ForeignKey, Index, PrimaryKey, Table, Unique
from framework.migrations.source.code import Code, alchemy, call, imports_of, literal, sequence
from framework.migrations.source.types import type_code
from framework.migrations.writer.tables import column_code, constraint_code, keywords

__all__ = ["FieldParts", "column_written", "constraint_written", "counts", "escaped", "field_parts", "index_written"]

COLON = re.compile(r"(?<![:\w\\]):(?=\w)")
"""One that SQLAlchemy would take for the start of a parameter."""
RULES = ("CASCADE", "SET NULL", "RESTRICT")


class FieldParts:
    """What a field says, and which keys and indexes it says with it."""

    def __init__(self, annotation: Code, arguments: Mapping[str, Code], said: list[Constraint | Index]) -> None:
        self.annotation = annotation
        self.arguments = arguments
        self.said = said


def field_parts(table: Table, column: Column, dialect: str) -> FieldParts:
    """Return what a field says about its column."""
    key = table.primary_key
    in_key = key is not None and column.name in key.columns
    annotated = annotate(column.sa_type, dialect)
    annotation = annotated.code
    arguments: dict[str, Code] = {}
    if column.nullable:
        annotation = Code(f"{annotation} | None", annotation.imports)
    if column.nullable or column.default or column.generated or counts(table, column, dialect):
        arguments["default"] = literal(None)
    if in_key:
        arguments["primary_key"] = literal(True)
    arguments |= annotated.arguments
    type_ = type_written(column)
    if annotated.implied is None or type_code(annotated.implied) != type_:
        arguments["sa_type"] = type_
    said = alone(table, column, arguments)
    if isinstance(column.sa_default, sa.Computed | sa.Identity) and column.generated:
        arguments["sa_column_args"] = sequence([generated_written(column.generated)])
    elif drawn(column):
        arguments["sa_column_args"] = sequence([call(alchemy("Identity"))])
    return FieldParts(annotation, arguments, said)


def type_written(column: Column) -> Code:
    """Return the column's type, or the guess where SQLAlchemy has none for it."""
    if column.type.text.startswith("unknown("):
        return call(alchemy("Text"))
    return column.type


def drawn(column: Column) -> bool:
    """Tell whether a column that is no key draws its numbers from a sequence, which no model can say."""
    return column.default is not None and "nextval(" in column.default.text


def alone(table: Table, column: Column, arguments: dict[str, Code]) -> list[Constraint | Index]:
    """Put the keys and indexes over this column alone into `arguments`, and return them."""
    said: list[Constraint | Index] = []
    pointing = [item for item in table.foreign_keys if column.name in item.columns]
    for item in pointing if len(pointing) == 1 else []:
        rule = dict(item.options).get("ondelete")
        plain = set(dict(item.options)) <= {"ondelete"} and (rule is None or rule.text.strip("'") in RULES)
        possible = rule is None or "NULL" not in rule.text or column.nullable
        if plain and possible and item.columns == (column.name,) and by_convention(table, item):
            arguments["foreign_key"] = literal(f"{item.target}.{item.target_columns[0]}")
            if rule is not None:
                arguments["ondelete"] = rule
            said.append(item)
    for item in table.constraints:
        if isinstance(item, Unique) and simple(table, column, item) and "unique" not in arguments:
            arguments["unique"] = literal(True)
            said.append(item)
    for item in table.indexes:
        plain = item.expressions == (literal(column.name),) and not item.unique
        # Of unique and index in one field, SQLAlchemy makes a single unique index.
        if plain and simple(table, column, item) and not {"unique", "index"} & set(arguments):
            arguments["index"] = literal(True)
            said.append(item)
    return said


def simple(table: Table, column: Column, item: Unique | Index) -> bool:
    return item.columns == (column.name,) and not item.options and by_convention(table, item)


def counts(table: Table, column: Column, dialect: str) -> bool:
    """Tell whether the database counts this column up by itself."""
    key = table.primary_key
    if key is None or column.name not in key.columns or not isinstance(column.sa_type, sa.Integer):
        return False
    told = column.sa_options.get("autoincrement")
    if dialect == "sqlite":
        return len(key.columns) == 1 and type_code(column.sa_type).text == "sa.Integer()"
    pointing = any(column.name in item.columns for item in table.foreign_keys)
    return bool(told) if told is not None else len(key.columns) == 1 and not pointing


def column_keywords(column: Column, name: str) -> dict[str, Code]:
    """Return what the column is told besides its type: its own name where the field has another."""
    told: dict[str, Code] = {}
    if name != column.name:
        told["name"] = literal(column.name)
    if column.default is not None and not drawn(column):
        told["server_default"] = escaped(column.default)
    if column.comment is not None:
        told["comment"] = literal(column.comment)
    return told | dict(column.options)


def mapping(items: Mapping[str, Code]) -> Code:
    """Return a dictionary."""
    text = ", ".join(f"{literal(name)}: {code}" for name, code in items.items())
    return Code(f"{{{text}}}", imports_of(items.values()))


def generated_written(code: Code) -> Code:
    """Return `sa.Computed(...)` with its colons marked; `sa.Identity(...)` as it is."""
    call_ = ast.parse(code.text, mode="eval").body
    if isinstance(call_, ast.Call) and call_.args and isinstance(call_.args[0], ast.Constant):
        call_.args[0] = ast.Constant(COLON.sub(r"\\:", str(call_.args[0].value)))
    return Code(ast.unparse(call_), code.imports)


def escaped(code: Code) -> Code:
    """Return `sa.text(...)` with the colons marked that SQLAlchemy would take for parameters."""
    if not code.text.startswith("sa.text("):
        return code
    sql: str = ast.literal_eval(code.text[len("sa.text(") : -1])
    return call(alchemy("text"), literal(COLON.sub(r"\\:", sql)))


def constraint_written(table: Table, item: Constraint) -> Code:
    """Return a constraint as it stands among the arguments of a table."""
    if isinstance(item, Check):
        condition: Any = escaped(call(alchemy("text"), literal(item.condition)))
        text = Code(condition.text[len("sa.text(") : -1])
        return call(alchemy("CheckConstraint"), text, name=check_name(table, item), **keywords(item.options))
    if isinstance(item, ForeignKey | PrimaryKey | Unique) and by_convention(table, item):
        return constraint_code(replace(item, name=None))
    return constraint_code(item)


def index_written(item: Index) -> Code:
    """Return an index as it stands among the arguments of a table."""
    unique = literal(True) if item.unique else None
    options = {name: escaped(value) for name, value in item.options}
    return call(alchemy("Index"), literal(item.name), *map(escaped, item.expressions), unique=unique, **options)


def column_written(column: Column) -> Code:
    """Return a column of a table without a model."""
    written = replace(column, type=type_written(column), default=None if drawn(column) else column.default)
    if written.default is not None:
        written = replace(written, default=escaped(written.default))
    if drawn(column):
        written = replace(written, generated=call(alchemy("Identity")))
    elif column.generated is not None:
        written = replace(written, generated=generated_written(column.generated))
    return column_code(written)
