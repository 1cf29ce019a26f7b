"""Reads an SQLite database: pragmas for the columns, the statements themselves for the rest."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteDialect, ischema_names
from sqlalchemy.types import TypeEngine

from framework.migrations.inspection.definition import Clause, Definition, index_parts, read_definition
from framework.migrations.inspection.live import Live
from framework.migrations.inspection.tokens import identifier
from framework.migrations.inspection.types import as_written
from framework.migrations.schema.reader import codes, generated_code, words
from framework.migrations.schema.table import Check, Column, Constraint, ForeignKey, Index, PrimaryKey, Table, Unique
from framework.migrations.source.code import Code, alchemy, call, literal
from framework.migrations.source.types import type_code

__all__ = ["read_schema"]

OTHER_NAMES: dict[str, type[TypeEngine[Any]]] = {
    # SQLite takes any name for a type; these are PostgreSQL's, and SQLAlchemy knows them not.
    "BYTEA": sa.BLOB,
    "BIGSERIAL": sa.BIGINT,
    "DOUBLE PRECISION": sa.DOUBLE_PRECISION,
    "INTEGER UNSIGNED": sa.INTEGER,
    "SMALLINT UNSIGNED": sa.SMALLINT,
    "BIGINT UNSIGNED": sa.BIGINT,
    "TIMESTAMP WITH TIME ZONE": sa.TIMESTAMP,
    "CHARACTER VARYING": sa.VARCHAR,
    "JSONB": sa.JSON,
    "UUID": sa.UUID,
}


def read_schema(connection: sa.Connection, schema: str | None = None) -> Live:
    """Return the tables and views of the database, or of one attached as `schema`."""
    return Schema(connection, schema).read()


class Schema:
    """The work of `read_schema`."""

    def __init__(self, connection: sa.Connection, schema: str | None) -> None:
        self.connection = connection
        self.schema = schema
        self.prefix = f"{quoted(schema)}." if schema else ""

    def rows(self, statement: str, *values: object) -> list[Any]:
        return list(self.connection.exec_driver_sql(statement, values))

    def read(self) -> Live:
        """Read everything."""
        master = self.rows(f"SELECT type, name, tbl_name, sql FROM {self.prefix}sqlite_master ORDER BY name")  # noqa: S608  # a quoted name
        shadow = {row[1] for row in self.rows("PRAGMA table_list") if row[2] in ("shadow", "virtual")}
        indexes: dict[str, list[tuple[str, str]]] = {}
        for kind, name, table, sql in master:
            if kind == "index" and sql is not None:
                indexes.setdefault(table, []).append((name, sql))
        definitions = {
            row[1]: read_definition(row[3])
            for row in master
            if row[0] == "table" and not row[1].startswith("sqlite_") and row[1] not in shadow
        }
        keys = {name: self.key_of(name) for name in definitions}
        live = Live()
        for name, definition in definitions.items():
            table = self.table(name, definition, keys, indexes.get(name, []))
            live.tables[table.key] = table
        for name in (row[1] for row in master if row[0] == "view"):
            view = Table(name, "", self.columns(name, Definition([], {})), schema=self.schema)
            live.views[view.key] = view
        return live

    def key_of(self, table: str) -> tuple[str, ...]:
        rows = self.rows(f"PRAGMA {self.prefix}table_info({quoted(table)})")
        return tuple(row[1] for row in sorted(rows, key=lambda row: row[5]) if row[5])

    def table(
        self, name: str, definition: Definition, keys: Mapping[str, tuple[str, ...]], indexes: list[tuple[str, str]]
    ) -> Table:
        return Table(
            name,
            "",
            self.columns(name, definition),
            tuple(self.constraints(definition, keys, keys[name])),
            tuple(self.index(*index) for index in indexes),
            schema=self.schema,
            options=codes(definition.options),
            sa_options=definition.options,
        )

    def columns(self, table: str, definition: Definition) -> dict[str, Column]:
        computed = {clause.columns[0]: clause for clause in definition.of("GENERATED")}
        collations = {clause.columns[0]: clause.text for clause in definition.of("COLLATE")}
        rows = self.rows(f"PRAGMA {self.prefix}table_xinfo({quoted(table)})")
        return {row[1]: self.column(row, computed.get(row[1]), collations.get(row[1])) for row in rows if row[6] != 1}

    def column(self, row: Any, computed: Clause | None, collation: str | None) -> Column:
        _, name, declared, not_null, default, in_key, _ = row
        type_ = type_of(declared, collation)
        code = type_code(type_)
        generated: sa.Computed | None = None
        if computed is not None:
            generated = sa.Computed(computed.text, persisted=bool(computed.options["stored"]))
        written = None if default is None or generated is not None else sa.text(str(default).replace(":", "\\:"))
        return Column(
            name,
            code,
            nullable=not (not_null or in_key),
            default=None if written is None else call(alchemy("text"), literal(str(default))),
            generated=None if generated is None else generated_code(generated),
            sa_type=type_,
            sa_default=generated if generated is not None else None if written is None else sa.DefaultClause(written),
        )

    def constraints(
        self, definition: Definition, keys: Mapping[str, tuple[str, ...]], key: tuple[str, ...]
    ) -> list[Constraint]:
        found: list[Constraint] = []
        if key:
            found.append(PrimaryKey(next((clause.name for clause in definition.of("PRIMARY")), None), key))
        for clause in definition.of("FOREIGN"):
            # Without columns it points at the other table's key.
            other = next((columns for name, columns in keys.items() if name.lower() == clause.target.lower()), ())
            target = f"{self.schema}.{clause.target}" if self.schema else clause.target
            options = {name: value for name, value in clause.options.items() if value not in ("NO ACTION", False)}
            found.append(
                ForeignKey(clause.name, clause.columns, target, clause.target_columns or other, codes(options))
            )
        found += [Unique(clause.name, clause.columns) for clause in definition.of("UNIQUE")]
        found += [Check(clause.name, clause.text, words(clause.text)) for clause in definition.of("CHECK")]
        return found

    def index(self, name: str, sql: str) -> Index:
        parts, where = index_parts(sql)
        unique = sql.lstrip()[6:].lstrip()[:6].upper() == "UNIQUE"
        expressions = tuple(map(expression, parts))
        options = (("sqlite_where", call(alchemy("text"), literal(where))),) if where else ()
        return Index(name, expressions, unique, options, tuple(word for part in parts for word in words(part)))


def expression(part: str) -> Code:
    """Return one thing an index reads: a column by its name, anything else as SQL."""
    plain = part[:1] in ('"', "`", "[") and part.count(part[0]) <= 2
    if part.isidentifier() or (plain and identifier(part) == part[1:-1]):
        return literal(identifier(part))
    return call(alchemy("text"), literal(part))


def type_of(declared: str, collation: str | None) -> TypeEngine[Any]:
    """Return the type of a column; one that SQLAlchemy does not know is taken by SQLite's own rules."""
    name = declared.upper().partition("(")[0].strip().removesuffix("GENERATED ALWAYS").strip()
    if name in OTHER_NAMES and name not in ischema_names:
        type_: Any = OTHER_NAMES[name]()
    else:
        resolve: Any = getattr(SQLiteDialect(), "_resolve_type_affinity")  # noqa: B009  # no public way
        type_ = resolve(declared.upper().replace("GENERATED ALWAYS", "").strip())
    if isinstance(type_, sa.types.NullType):
        type_ = sa.BLOB()  # what has no type keeps what it is given, as this does
    written_type = as_written(type_, "sqlite")
    if collation and isinstance(written_type, sa.String):
        written_type.collation = collation
    return written_type


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
