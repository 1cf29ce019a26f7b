"""What two sets of tables have otherwise, told part by part. Says nothing of how to get from one to the other."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy.engine import Dialect
from sqlalchemy.exc import SQLAlchemyError

from framework.migrations.schema.table import Check, Column, Constraint, Exclude, ForeignKey, Index, Table
from framework.migrations.source.code import Code

__all__ = ["Difference", "differences"]

type Kind = Literal["missing", "extra", "other"]
NOTHING = {"ondelete": "'NO ACTION'", "onupdate": "'NO ACTION'", "initially": "'IMMEDIATE'", "deferrable": "False"}
"""Options of foreign keys that say what goes without saying."""

CONSTANT = re.compile(r"('(?:[^']|'')*')(?:::[\w\s.\"(),]+)?|(-?\d+(?:\.\d+)?)")
"""A constant as PostgreSQL tells it, `'7'::bigint` or `7`."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a table has otherwise."""

    key: str
    """The table."""
    part: str
    """`column title`; empty for the table as a whole."""
    kind: Kind
    text: str

    def __str__(self) -> str:
        return f"{self.key}: {f'{self.part}: ' if self.part else ''}{self.text}"


def differences(wanted: Mapping[str, Table], found: Mapping[str, Table], dialect: Dialect) -> Iterator[Difference]:
    """Yield what `found` has otherwise than `wanted`; both as a database tells them."""
    for key, table in wanted.items():
        if key not in found:
            yield Difference(key, "", "missing", "the table is missing in the database")
        else:
            yield from table_differences(table, found[key], dialect)
    for key in found:
        if key not in wanted:
            yield Difference(key, "", "extra", "the table is in the database only")


def table_differences(wanted: Table, found: Table, dialect: Dialect) -> Iterator[Difference]:
    """Yield what one table has otherwise."""
    key = wanted.key
    for name, column in wanted.columns.items():
        part = f"column {name}"
        if name not in found.columns:
            yield Difference(key, part, "missing", "missing in the database")
        elif told := "; ".join(column_differences(column, found.columns[name], dialect)):
            yield Difference(key, part, "other", told)
    for name in found.columns:
        if name not in wanted.columns:
            yield Difference(key, f"column {name}", "extra", "in the database only")
    yield from item_differences(key, map(plain, wanted.constraints), map(plain, found.constraints))
    yield from item_differences(key, wanted.indexes, found.indexes)
    if dialect.supports_comments and wanted.comment != found.comment:
        yield Difference(key, "comment", "other", f"{found.comment!r}, the migrations say {wanted.comment!r}")


def column_differences(wanted: Column, found: Column, dialect: Dialect) -> Iterator[str]:
    """Yield in words what a column has otherwise."""
    if not same_type(wanted, found, dialect):
        names = type_name(found, dialect), type_name(wanted, dialect)
        one, other = names if names[0] != names[1] else (found.type.text, wanted.type.text)
        yield f"type is {one}, the migrations say {other}"
    if wanted.nullable != found.nullable:
        yield "may be NULL, the migrations say NOT NULL" if found.nullable else "NOT NULL, the migrations allow NULL"
    for what in ("default", "generated"):
        one, other = sql(getattr(found, what)), sql(getattr(wanted, what))
        if one != other and (what != "default" or constant(one) != constant(other)):
            yield f"{what} is {one}, the migrations say {other}"
    if dict(wanted.options).get("autoincrement") != dict(found.options).get("autoincrement"):
        yield "counts up otherwise than the migrations say"
    if dialect.supports_comments and wanted.comment != found.comment:
        yield f"comment is {found.comment!r}, the migrations say {wanted.comment!r}"


def same_type(wanted: Column, found: Column, dialect: Dialect) -> bool:
    """Tell whether two columns have one type."""
    if wanted.type == found.type:
        return True
    # SQLite takes any name: a `sa.UUID` is kept as a `sa.Uuid` is, as text, and there is one size of fractions.
    names = {type_name(wanted, dialect), type_name(found, dialect)}
    return dialect.name == "sqlite" and (len(names) == 1 or names == {"FLOAT", "REAL"})


def type_name(column: Column, dialect: Dialect) -> str:
    """Return a type as the database calls it."""
    if column.sa_type is None or column.type.text.startswith("unknown("):
        return column.type.text
    try:
        return column.sa_type.compile(dialect=dialect)
    except SQLAlchemyError:
        return column.type.text


def sql(code: Code | None) -> str:
    """Return a piece of source as SQL, for people."""
    if code is None:
        return "none"
    return code.text[len("sa.text(") : -1] if code.text.startswith("sa.text(") else code.text


def constant(default: str) -> str:
    """Return a default without the cast that PostgreSQL leaves in it of the type that the column had before."""
    try:
        text = str(ast.literal_eval(default))
    except (ValueError, SyntaxError):
        return default
    found = CONSTANT.fullmatch(text)
    return found[1] or f"'{found[2]}'" if found else default


def plain[T: Constraint](item: T) -> T:
    """Return a constraint without what goes without saying, and without whether old rows were checked."""
    options = tuple(
        (name, Code(code.text.upper() if name.startswith("on") else code.text))
        for name, code in item.options
        if name != "postgresql_not_valid" and code.text.upper() != NOTHING.get(name, "").upper()
    )
    return replace(item, options=tuple(sorted(options, key=lambda option: option[0])))


def item_differences[T: (Constraint, Index)](key: str, wanted: Iterable[T], found: Iterable[T]) -> Iterator[Difference]:
    """Yield constraints or indexes that one side lacks or has otherwise."""
    left, right = list(wanted), list(found)
    for item in list(left):
        match = next((other for other in right if same(item, other)), None)
        if match is not None:
            left.remove(item)
            right.remove(match)
    for item in left:
        other = next((other for other in right if alike(item, other)), None)
        if other is None:
            yield Difference(key, part(item), "missing", f"missing in the database: {described(item)}")
        else:
            right.remove(other)
            one, said = described(other), described(item)
            if one == said:
                one, said = f"named {other.name}", str(item.name)
            yield Difference(key, part(item), "other", f"{one}, the migrations say {said}")
    for item in right:
        yield Difference(key, part(item), "extra", f"in the database only: {described(item)}")


def same(one: Constraint | Index, other: Constraint | Index) -> bool:
    if one.name is None or other.name is None:
        return replace(one, name=None) == replace(other, name=None)
    return one == other


def alike(one: Constraint | Index, other: Constraint | Index) -> bool:
    """Tell whether two are the same thing, changed or renamed."""
    if type(one) is not type(other):
        return False
    return (one.name is not None and one.name == other.name) or replace(one, name=None) == replace(other, name=None)


def part(item: Constraint | Index) -> str:
    kind = "index" if isinstance(item, Index) else "constraint"
    return f"{kind} {item.name or f'over {", ".join(item.columns)}'}"


def described(item: Constraint | Index) -> str:
    """Return a constraint or an index in words."""
    match item:
        case Check():
            text = f"CHECK ({item.condition})"
        case ForeignKey():
            text = f"FOREIGN KEY ({', '.join(item.columns)}) to {item.target} ({', '.join(item.target_columns)})"
        case Exclude():
            text = f"EXCLUDE ({', '.join(f'{sql(code)} WITH {operator}' for code, operator in item.elements)})"
        case Index():
            unique = "UNIQUE INDEX" if item.unique else "INDEX"
            text = f"{unique} ({', '.join(sql(code).strip('\'"') for code in item.expressions)})"
        case _:
            text = f"{'PRIMARY KEY' if item.kind == 'primary' else 'UNIQUE'} ({', '.join(item.columns)})"
    return " ".join([text, *(f"{name}={sql(code)}" for name, code in item.options)])
