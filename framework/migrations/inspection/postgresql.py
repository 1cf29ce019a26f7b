"""Reads a PostgreSQL database from its catalogs: a few queries for a whole schema, not one for each table."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.reflection import ObjectKind, ObjectScope

from framework.migrations.inspection.catalog import COLUMNS, CONSTRAINTS, EXCLUSIONS, INDEXES, RELATIONS
from framework.migrations.inspection.definition import index_parts
from framework.migrations.inspection.live import Live
from framework.migrations.inspection.tokens import identifier
from framework.migrations.inspection.types import as_written
from framework.migrations.schema.reader import codes, generated_code
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
from framework.migrations.source.types import type_code

__all__ = ["read_schema"]

RULES = re.compile(r"ON (DELETE|UPDATE) (CASCADE|RESTRICT|SET (?:NULL|DEFAULT)(?: \([^)]*\))?)")
ORDER = ("primary", "foreignkey", "unique", "check", "exclude")
LARGEST = {sa.SmallInteger: 2**15 - 1, sa.BigInteger: 2**63 - 1, sa.Integer: 2**31 - 1}


def read_schema(connection: sa.Connection, schema: str | None = None, known_as: str | None = None) -> Live:
    """Return the tables, partitions and views of a schema; what an extension brought is left out.

    `known_as` is the schema that tables say they stand in, when it is another.
    """
    return Schema(connection, schema, known_as or schema).read()


class Schema:
    """The work of `read_schema`."""

    def __init__(self, connection: sa.Connection, schema: str | None, known_as: str | None) -> None:
        self.connection = connection
        self.default = connection.dialect.default_schema_name
        self.name = schema or self.default
        self.known_as = known_as

    def rows(self, query: str) -> dict[int, list[Any]]:
        """Return the rows of a query by the table they are about."""
        found: dict[int, list[Any]] = {}
        for row in self.connection.execute(sa.text(query), {"schema": self.name}):
            found.setdefault(row.table_oid, []).append(row)
        return found

    def read(self) -> Live:
        """Read everything."""
        relations = self.rows(RELATIONS)
        columns, constraints = self.rows(COLUMNS), self.rows(CONSTRAINTS)
        indexes, exclusions = self.rows(INDEXES), self.rows(EXCLUSIONS)
        types = self.types()
        live = Live()
        for oid, (relation,) in relations.items():
            found = self.constraints(constraints.get(oid, []), exclusions.get(oid, []))
            told = types.get(relation.name, {})
            rows = [row for row in columns.get(oid, []) if row.name in told]
            counter = counting_column(rows, found)
            table = Table(
                relation.name,
                "",
                {row.name: counting(column(row, told[row.name]), counter, found) for row in rows},
                tuple(sorted(found, key=lambda item: (ORDER.index(item.kind), item.name or ""))),
                tuple(index(row) for row in indexes.get(oid, [])),
                schema=self.known_as,
                comment=relation.comment,
                **options_of(relation),
            )
            if relation.kind in "vm":
                live.views[table.key] = table
            else:
                (live.partitions if relation.is_partition else live.tables)[table.key] = table
        return live

    def types(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what SQLAlchemy makes of the columns: their types and what identity says."""
        import warnings

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Did not recognize type")  # told in the model instead
            found = sa.inspect(self.connection).get_multi_columns(
                schema=self.name, kind=ObjectKind.ANY, scope=ObjectScope.ANY
            )
        return {name: {item["name"]: item for item in items} for (_, name), items in found.items()}

    def target(self, schema: str, table: str) -> str:
        """Return the key of the table that a foreign key points at."""
        if schema == self.name:
            schema = self.known_as or self.default or ""
        return table if schema == self.default else f"{schema}.{table}"

    def constraints(self, rows: Iterable[Any], exclusions: Iterable[Any]) -> list[Constraint]:
        parts: dict[str, list[Any]] = {}
        for row in exclusions:
            parts.setdefault(row.name, []).append(row)
        return [item for row in rows if (item := self.constraint(row, parts)) is not None]

    def constraint(self, row: Any, exclusions: Mapping[str, list[Any]]) -> Constraint | None:
        columns = tuple(row.columns or ())
        timing: dict[str, object] = {"deferrable": True} if row.deferrable else {}
        if row.deferred:
            timing["initially"] = "DEFERRED"
        within = {"postgresql_include": list(row.included)} if row.included else {}
        match row.kind:
            case "p":
                return PrimaryKey(row.name, columns, codes({**timing, **within}))
            case "u":
                distinct = {"postgresql_nulls_not_distinct": True} if "NULLS NOT DISTINCT" in row.definition else {}
                return Unique(row.name, columns, codes({**timing, **within, **distinct}))
            case "c":
                inherit = {"postgresql_no_inherit": True} if row.no_inherit else {}
                return Check(row.name, row.condition, columns, codes(inherit))
            case "f":
                rules: dict[str, object] = {f"on{kind.lower()}": rule for kind, rule in RULES.findall(row.definition)}
                full = {"match": "FULL"} if row.full else {}
                target = self.target(row.target_schema, row.target)
                options = codes({**rules, **full, **timing})
                return ForeignKey(row.name, columns, target, tuple(row.target_columns), options)
            case "x":
                return exclude(row.name, exclusions.get(row.name, []), timing, columns)
            case _:
                return None


def exclude(name: str, parts: list[Any], timing: Mapping[str, object], columns: tuple[str, ...]) -> Exclude:
    """Return an exclusion constraint from the rows of its elements."""
    options: dict[str, object] = {"using": parts[0].method, **timing}
    if parts[0].predicate:
        options["where"] = sa.text(parts[0].predicate)
    elements = tuple((expression(part.expression), part.operator) for part in parts)
    return Exclude(name, elements, codes(options), columns)


def index(row: Any) -> Index:
    """Return an index."""
    parts, _ = index_parts(row.definition)
    options: dict[str, object] = {}
    if row.method != "btree":
        options["postgresql_using"] = row.method
    if row.predicate:
        options["postgresql_where"] = sa.text(row.predicate)
    if row.included:
        options["postgresql_include"] = list(row.included)
    if row.options:
        options["postgresql_with"] = dict(item.split("=", 1) for item in row.options)
    if row.nulls_not_distinct:
        options["postgresql_nulls_not_distinct"] = True
    return Index(row.name, tuple(map(expression, parts)), row.is_unique, codes(options), tuple(row.columns or ()))


def expression(part: str) -> Code:
    """Return one thing an index reads: a column by its name, anything else as SQL."""
    if re.fullmatch(r'[a-z_]\w*|"(?:[^"]|"")+"', part):
        return literal(identifier(part))
    return call(alchemy("text"), literal(part))


def options_of(relation: Any) -> dict[str, Any]:
    """Return a table's own options."""
    options: dict[str, Any] = {}
    if relation.partition_key:
        options["postgresql_partition_by"] = relation.partition_key
    if relation.kind in "rp" and relation.options:
        options["postgresql_with"] = dict(item.split("=", 1) for item in relation.options)
    if relation.is_unlogged:
        options["prefixes"] = ["UNLOGGED"]
    return {"options": codes(options), "sa_options": options}


def column(row: Any, told: Any) -> Column:
    """Return a column from the catalog and from what SQLAlchemy says of its type."""
    unknown = isinstance(told["type"], sa.types.NullType)
    # A guess, as Django's: SQLAlchemy has no class for it. The code keeps what it is.
    type_ = sa.Text() if unknown else as_written(told["type"], "postgresql")
    generated: sa.Computed | sa.Identity | None = None
    if row.generated in ("s", "v"):
        generated = sa.Computed(row.default, persisted=row.generated == "s")
    elif "identity" in told:
        generated = identity(type_, told["identity"])
    default = None if generated is not None else row.default
    return Column(
        row.name,
        Code(f"unknown({row.declared!r})") if unknown else type_code(type_),
        nullable=not row.not_null,
        default=None if default is None else call(alchemy("text"), literal(default)),
        generated=None if generated is None else generated_code(generated),
        comment=row.comment,
        sa_type=type_,
        sa_default=generated or (None if default is None else sa.DefaultClause(sa.text(default.replace(":", r"\:")))),
    )


def identity(type_: Any, told: Mapping[str, Any]) -> sa.Identity:
    """Return what makes the values of a column, without what goes without saying."""
    largest = next((value for known, value in LARGEST.items() if isinstance(type_, known)), None)
    usual = {"start": 1, "increment": 1, "minvalue": 1, "maxvalue": largest, "cache": 1, "cycle": False}
    return sa.Identity(**{name: value for name, value in told.items() if usual.get(name, False) != value})


def counting_column(rows: Iterable[Any], constraints: Iterable[Constraint]) -> str | None:
    """Return the name of the column that counts a key up; SQLAlchemy knows one such for a table."""
    key = next((item.columns for item in constraints if isinstance(item, PrimaryKey)), ())
    return next((row.name for row in rows if row.serial and row.name in key), None)


def counting(column: Column, counter: str | None, constraints: Iterable[Constraint]) -> Column:
    """Say `autoincrement` where it is not what SQLAlchemy would do: a key of one whole number counts, others don't."""
    items = list(constraints)
    key = next((item.columns for item in items if isinstance(item, PrimaryKey)), ())
    if column.name not in key or not isinstance(column.sa_type, sa.Integer) or column.generated:
        return column
    pointing = any(column.name in item.columns for item in items if isinstance(item, ForeignKey))
    usual, serial = len(key) == 1 and not pointing, column.name == counter
    if serial:
        column = replace(column, default=None, sa_default=None)
    elif column.default is not None:
        return column
    if serial == usual:
        return column
    options = {"autoincrement": serial}
    return replace(column, options=codes(options), sa_options=options)
