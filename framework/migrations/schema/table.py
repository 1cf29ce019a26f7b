"""What a database looks like, as plain values: equal when they would be written the same in a migration.

The state of the migration files and the models are both read into these, so that comparing them needs no database
and no dialect.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from sqlalchemy.types import TypeEngine

from framework.migrations.source.code import Code

__all__ = ["Check", "Column", "Constraint", "Exclude", "ForeignKey", "Index", "PrimaryKey", "Table", "Unique", "key_of"]

type Options = tuple[tuple[str, Code], ...]
type Kind = Literal["primary", "foreignkey", "unique", "check", "exclude"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    type: Code
    nullable: bool
    default: Code | None = None
    """The server's default."""
    generated: Code | None = None
    """`sa.Identity(...)` or `sa.Computed(...)`."""
    comment: str | None = None
    options: Options = ()
    """Options of a dialect, and `autoincrement` where it is said."""
    sa_type: TypeEngine[Any] | None = field(default=None, compare=False, repr=False)
    """The type itself, for building a table again."""
    sa_default: Any = field(default=None, compare=False, repr=False)
    sa_options: Mapping[str, Any] = field(
        default_factory=lambda: MappingProxyType[str, Any]({}), compare=False, repr=False
    )
    initial: Any = field(default=None, compare=False, repr=False)
    """The value the model gives to new rows, when it is a plain one: what rows that exist get too."""

    def renamed(self, name: str) -> "Column":
        """Return the column under another name."""
        return replace(self, name=name)


@dataclass(frozen=True, slots=True)
class PrimaryKey:
    """A primary key."""

    kind: ClassVar[Kind] = "primary"
    name: str | None
    columns: tuple[str, ...]
    options: Options = ()

    def rename(self, old: str, new: str) -> "PrimaryKey":
        """Return it with a column of its table called otherwise."""
        return replace(self, columns=swapped(self.columns, old, new))


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key. `target` is the key of the table it points at."""

    kind: ClassVar[Kind] = "foreignkey"
    name: str | None
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    options: Options = ()

    def rename(self, old: str, new: str) -> "ForeignKey":
        """Return it with a column of its table called otherwise."""
        return replace(self, columns=swapped(self.columns, old, new))

    def rename_target(self, old: str, new: str) -> "ForeignKey":
        """Return it with a column of the table it points at called otherwise."""
        return replace(self, target_columns=swapped(self.target_columns, old, new))


@dataclass(frozen=True, slots=True)
class Unique:
    """A unique constraint."""

    kind: ClassVar[Kind] = "unique"
    name: str | None
    columns: tuple[str, ...]
    options: Options = ()

    def rename(self, old: str, new: str) -> "Unique":
        """Return it with a column of its table called otherwise."""
        return replace(self, columns=swapped(self.columns, old, new))


@dataclass(frozen=True, slots=True)
class Check:
    """A check constraint."""

    kind: ClassVar[Kind] = "check"
    name: str | None
    condition: str
    columns: tuple[str, ...] = field(default=(), compare=False)
    """The columns it reads, as far as they are known."""
    options: Options = ()

    def rename(self, old: str, new: str) -> "Check":
        """Return it with a column of its table called otherwise."""
        return replace(self, condition=renamed_in(self.condition, old, new), columns=swapped(self.columns, old, new))


@dataclass(frozen=True, slots=True)
class Exclude:
    """An exclusion constraint of PostgreSQL: pairs of expression and operator."""

    kind: ClassVar[Kind] = "exclude"
    name: str | None
    elements: tuple[tuple[Code, str], ...]
    options: Options = ()
    columns: tuple[str, ...] = field(default=(), compare=False)

    def rename(self, old: str, new: str) -> "Exclude":
        """Return it with a column of its table called otherwise."""
        elements = tuple(
            (Code(renamed_in(code.text, old, new, quoted=True), code.imports), operator)
            for code, operator in self.elements
        )
        return replace(self, elements=elements, columns=swapped(self.columns, old, new))


type Constraint = PrimaryKey | ForeignKey | Unique | Check | Exclude


@dataclass(frozen=True, slots=True)
class Index:
    """An index over columns, written as strings, and expressions, written as `sa.text(...)`."""

    name: str | None
    expressions: tuple[Code, ...]
    unique: bool = False
    options: Options = ()
    columns: tuple[str, ...] = field(default=(), compare=False)
    """The columns it reads, as far as they are known."""

    def rename(self, old: str, new: str) -> "Index":
        """Return it with a column of its table called otherwise."""

        def swap(code: Code) -> Code:
            return Code(renamed_in(code.text, old, new, quoted=True), code.imports)

        return replace(
            self,
            expressions=tuple(map(swap, self.expressions)),
            options=tuple((name, swap(value) if name.endswith("_where") else value) for name, value in self.options),
            columns=swapped(self.columns, old, new),
        )


@dataclass(frozen=True, slots=True)
class Table:
    """One table with everything that hangs on it."""

    name: str
    app: str
    """Label of the app whose history it belongs to."""
    columns: Mapping[str, Column]
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    schema: str | None = None
    comment: str | None = None
    options: Options = ()
    model: str = field(default="", compare=False)
    """Name of the model class; derived from the table's name when the files don't tell."""
    sa_options: Mapping[str, Any] = field(
        default_factory=lambda: MappingProxyType[str, Any]({}), compare=False, repr=False
    )

    @property
    def key(self) -> str:
        """The name that foreign keys and states know it by."""
        return key_of(self.name, self.schema)

    @property
    def label(self) -> str:
        """The name of its model, for people."""
        if self.model:
            return self.model
        own = self.name.removeprefix(f"{self.app}_")
        return "".join(part[:1].upper() + part[1:] for part in own.split("_"))

    @property
    def primary_key(self) -> PrimaryKey | None:
        """The primary key; a table may have none."""
        return next((item for item in self.constraints if isinstance(item, PrimaryKey)), None)

    @property
    def foreign_keys(self) -> tuple[ForeignKey, ...]:
        """What points at other tables, or at this one."""
        return tuple(item for item in self.constraints if isinstance(item, ForeignKey))

    def with_columns(self, columns: Iterable[Column]) -> "Table":
        """Return the table with these columns instead of its own."""
        return replace(self, columns={column.name: column for column in columns})

    def map_column(self, name: str, function: Callable[[Column], Column]) -> "Table":
        """Return the table with one column as `function` makes it."""
        return self.with_columns(function(item) if item.name == name else item for item in self.columns.values())

    def map_constraints(self, function: Callable[[Constraint], Constraint]) -> "Table":
        """Return the table with each constraint as `function` makes it."""
        return replace(self, constraints=tuple(map(function, self.constraints)))

    def rename_column(self, old: str, new: str) -> "Table":
        """Return the table with one column called otherwise, in its keys, checks and indexes too."""
        columns = (column.renamed(new) if name == old else column for name, column in self.columns.items())
        renamed = self.with_columns(columns).map_constraints(lambda item: item.rename(old, new))
        return replace(renamed, indexes=tuple(index.rename(old, new) for index in self.indexes))

    def without_column(self, name: str) -> "Table":
        """Return the table without a column and without the keys, checks and indexes that need it."""
        left = self.with_columns(column for column in self.columns.values() if column.name != name)
        return replace(
            left,
            constraints=tuple(item for item in self.constraints if name not in item.columns),
            indexes=tuple(index for index in self.indexes if name not in index.columns),
        )


def key_of(name: str, schema: str | None = None) -> str:
    """Return the name by which foreign keys and states know a table."""
    return f"{schema}.{name}" if schema else name


def swapped(names: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if name == old else name for name in names)


def renamed_in(text: str, old: str, new: str, *, quoted: bool = False) -> str:
    """Return SQL with one identifier exchanged; string literals stay, unless `quoted` says the text is Python's."""
    name = re.compile(rf"(?<![\w.]){re.escape(old)}(?!\w)")
    if quoted:
        return name.sub(new, text)
    parts = re.split(r"('(?:[^']|'')*')", text)
    return "".join(part if part.startswith("'") else name.sub(new, part) for part in parts)
