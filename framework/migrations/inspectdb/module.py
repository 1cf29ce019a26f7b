"""models.py as a whole: imports, a class for each table, and plain tables for what cannot be one."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from framework.migrations.inspectdb.conventions import by_convention
from framework.migrations.inspectdb.fields import (
    column_keywords,
    column_written,
    constraint_written,
    field_parts,
    index_written,
    mapping,
)
from framework.migrations.inspectdb.names import attribute, class_name
from framework.migrations.inspectdb.relations import Place, relations
from framework.migrations.schema.table import Constraint, ForeignKey, Index, PrimaryKey, Table
from framework.migrations.source.code import Code, alchemy, call, literal, sequence
from framework.migrations.writer.layout import expression
from framework.migrations.writer.tables import keywords, optional

__all__ = ["HEADER", "Module"]

HEADER = '''\
"""Models of tables that were there before, written by inspectdb.

Go through them once: give classes and fields better names, put them into an order, remove what the project does not
need. `__tablename__` and the names of columns and constraints are the database's and should stay. Then write the
history these tables start with, and mark it as applied:

    python manage.py makemigrations
    python manage.py migrate --fake
"""
'''
LIBRARIES = ("from decimal", "from typing", "from uuid", "import datetime")
MODEL = frozenset(["from framework.db import Model"])
FIELD = frozenset(["from framework.db import Field"])
RELATIONSHIP = frozenset(["from framework.db import Relationship"])


class Module:
    """The text of models.py for some tables."""

    def __init__(
        self,
        tables: Mapping[str, Table],
        unmanaged: Mapping[str, Table],
        known: Mapping[str, Place],
        dialect: str,
    ) -> None:
        self.tables = tables
        self.unmanaged = unmanaged
        """Views and partitions: rows to select from, no tables to make."""
        self.dialect = dialect
        self.imports: set[str] = set(MODEL)
        self.foreign: set[str] = set()
        """Imports of models of other apps, for type checkers only."""
        self.places = dict(known)
        self.attributes: dict[str, dict[str, str]] = {}
        names: set[str] = set()
        for key, table in tables.items():
            if table.primary_key is not None:
                self.places[key] = Place(class_name(table.name, names))
                names.add(self.places[key].name)
            self.attributes[key] = {}
            for column in table.columns:
                self.attributes[key][column] = attribute(column, self.attributes[key].values())
        self.names = names

    def render(self) -> str:
        """Return the whole text."""
        models = [self.model(table) for table in self.tables.values() if table.primary_key is not None]
        keyless = [table for table in self.tables.values() if table.primary_key is None]
        parts = [*models, *(self.plain(table, "Model.metadata") for table in keyless), *self.views()]
        body = "\n\n\n".join(parts)
        return f"{HEADER}\n{self.import_lines()}\n\n{body}\n"

    def import_lines(self) -> str:
        """Return the imports as isort orders them."""
        if self.foreign:
            self.imports.add("from typing import TYPE_CHECKING")
        standard = [line for line in self.imports if line.startswith(LIBRARIES)]
        own = [line for line in self.imports if line.startswith("from framework")]
        others = [line for line in self.imports if line not in standard and line not in own]
        blocks = [merged(lines) for lines in (standard, others, own) if lines]
        if self.foreign:
            blocks.append("if TYPE_CHECKING:\n" + "\n".join(f"    {line}" for line in merged(self.foreign).split("\n")))
        return "\n\n".join(blocks) + "\n"

    def use(self, code: Code) -> str:
        """Return a piece of source, and import what it needs."""
        self.imports |= code.imports
        return code.text

    def model(self, table: Table) -> str:
        """Return the class of a table."""
        lines = [f"class {self.places[table.key].name}(Model, table=True):"]
        lines.append(f"    __tablename__ = {self.quoted(table.name)}")
        said: list[Constraint | Index] = []
        fields: list[str] = []
        pointed = self.pointed(table)
        for column in pointed.columns.values():
            parts = field_parts(pointed, column, self.dialect)
            said += parts.said
            arguments = dict(parts.arguments)
            name = self.attributes[table.key][column.name]
            if told := column_keywords(column, name):
                arguments["sa_column_kwargs"] = mapping(told)
            if column.type.text.startswith("unknown("):
                called = ast.literal_eval(column.type.text[len("unknown(") : -1])
                fields.append(f"    # The type of this column is {called}; Text is a guess.")
            fields.append(self.field(name, parts.annotation, arguments))
        if told := self.table_arguments(pointed, said):
            lines.append(f"    __table_args__ = {self.laid_out(told, 4, 21)}")
        related = [
            f"    {item.name}: {item.annotation} = {self.relationship(item.arguments)}"
            for item in relations(table, self.tables, self.places, self.attributes)
            if self.remember(item.target)
        ]
        return "\n".join([*self.missing(table), *lines, "", *fields, *([""] if related else []), *related])

    def remember(self, target: Place) -> bool:
        """Import a model of another app for type checkers."""
        if target.path:
            self.foreign.add(f"from {target.module} import {target.name}")
        return True

    def pointed(self, table: Table) -> Table:
        """Return the table pointing at models of other apps by their label, and at nothing that is not there."""

        def follow(item: Constraint) -> Constraint:
            place = self.places.get(item.target) if isinstance(item, ForeignKey) else None
            return replace(item, target=place.path) if place and isinstance(item, ForeignKey) and place.path else item

        there = {*self.tables, *self.places}
        kept = [item for item in table.constraints if not isinstance(item, ForeignKey) or item.target in there]
        return replace(table, constraints=tuple(map(follow, kept)))

    def missing(self, table: Table) -> Iterator[str]:
        """Yield a comment for every foreign key to a table that is not written here."""
        there = {*self.tables, *self.places}
        for item in table.foreign_keys:
            if item.target not in there:
                pairs = ", ".join(item.columns), ", ".join(item.target_columns)
                yield f"# Left out: ({pairs[0]}) points at {item.target} ({pairs[1]}), which is not among these tables."

    def field(self, name: str, annotation: Code, arguments: Mapping[str, Code]) -> str:
        """Return the line or lines of one field."""
        head = f"    {name}: {self.use(annotation)}"
        if not arguments:
            return head
        if set(arguments) == {"default"}:
            return f"{head} = None"
        self.imports |= FIELD
        written = call(Code("Field"), **arguments)
        return f"{head} = {self.laid_out(written, 4, len(head) + 3)}"

    def relationship(self, arguments: Mapping[str, Code]) -> str:
        """Return the call that makes a relationship."""
        self.imports |= RELATIONSHIP
        return self.laid_out(call(Code("Relationship"), **arguments), 4, 40)

    def table_arguments(self, table: Table, said: Sequence[Constraint | Index]) -> Code | None:
        """Return `__table_args__`, or `None` when there is nothing to say."""
        items = [
            constraint_written(table, item)
            for item in table.constraints
            if item not in said and not (isinstance(item, PrimaryKey) and said_by_fields(table, item))
        ]
        items += [index_written(item) for item in table.indexes if item not in said]
        options = {"schema": optional(table.schema), "comment": optional(table.comment), **keywords(table.options)}
        told = {name: code for name, code in options.items() if code is not None}
        if told and not items:
            return mapping(told)
        return sequence([*items, *([mapping(told)] if told else [])], "()") if items else None

    def plain(self, table: Table, metadata: str) -> str:
        """Return a table that is no model, for it has no key that tells its rows apart."""
        variable = attribute(table.name, self.names)
        note = "is a view or a part of another table" if metadata != "Model.metadata" else "has no primary key"
        pointed = self.pointed(table)
        columns = map(column_written, pointed.columns.values())
        constraints = [constraint_written(pointed, item) for item in pointed.constraints]
        indexes = map(index_written, pointed.indexes)
        options = {"schema": optional(table.schema), "comment": optional(table.comment), **keywords(table.options)}
        written = call(
            alchemy("Table"), literal(table.name), Code(metadata), *columns, *constraints, *indexes, **options
        )
        why = f"# {table.name} {note}, so it is no model; `select({variable})` reads its rows."
        return "\n".join([why, *self.missing(table), f"{variable} = {self.laid_out(written, 0, len(variable) + 3)}"])

    def views(self) -> Iterator[str]:
        """Yield what migrations must not make: views and partitions, in a `MetaData` of their own."""
        if self.unmanaged:
            self.imports.add("import sqlalchemy as sa")
            yield "# Migrations do not look after what stands in here.\nunmanaged = sa.MetaData()"
        for table in self.unmanaged.values():
            yield self.plain(replace(table, constraints=(), indexes=(), options=()), "unmanaged")

    def quoted(self, text: str) -> str:
        """Return a string as a formatter writes it."""
        return self.laid_out(literal(text), 0, 0)

    def laid_out(self, code: Code, indent: int, column: int) -> str:
        """Return an expression, broken where it is longer than a line."""
        return expression(ast.parse(self.use(code), mode="eval").body, indent, column, "")


def said_by_fields(table: Table, key: PrimaryKey) -> bool:
    """Tell whether `primary_key=True` on the fields says all there is to a key."""
    order = tuple(name for name in table.columns if name in key.columns)
    return not key.options and key.columns == order and by_convention(table, key)


def merged(lines: Iterable[str]) -> str:
    """Return import lines in order, those from one module as one."""
    plain = sorted(line for line in lines if line.startswith("import "))
    modules: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("from "):
            module, _, name = line.removeprefix("from ").partition(" import ")
            modules.setdefault(module, []).append(name)
    return "\n".join(
        [*plain, *(f"from {module} import {', '.join(sorted(modules[module]))}" for module in sorted(modules))]
    )
