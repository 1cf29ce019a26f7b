"""Takes changes apart into steps that are safe while the database is in use: what `makemigrations --safe` writes."""

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import replace

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.dialects import postgresql

from framework.migrations.autodetector import factory
from framework.migrations.autodetector.changes import Change
from framework.migrations.operations.fill_nulls import FillNullsOp
from framework.migrations.operations.tables import place_of
from framework.migrations.operations.validation import NOT_VALID, UniqueFromIndexOp, ValidateConstraintOp
from framework.migrations.safety.defaults import is_volatile, sql
from framework.migrations.schema.identifiers import cut
from framework.migrations.schema.reader import CONCURRENTLY, read_column, read_constraint
from framework.migrations.schema.table import Check, Column, ForeignKey, Table, Unique, key_of
from framework.migrations.state.state import State

__all__ = ["in_safe_steps"]

QUOTE = postgresql.dialect().identifier_preparer.quote


def in_safe_steps(changes: Iterable[Change], state: State) -> list[Change]:
    """Return changes that come to the same, in an order and in pieces that leave no table locked for long.

    What locks a table for a moment comes first, a migration for each table. What takes its time follows, each step in
    a migration of its own; what the running release may still need comes last.
    """
    quick: list[Change] = []
    slow: list[Change] = []
    last: list[Change] = []
    for change in changes:
        table = table_of(change, state)
        if table is None:
            quick.append(change)
            continue
        Taking(change, table, quick, slow, last).apart()
    places = list(dict.fromkeys(change.group for change in quick))
    return [*sorted(quick, key=lambda change: places.index(change.group)), *slow, *last]


def table_of(change: Change, state: State) -> Table | None:
    """Return the table in use that a change is about; a new table is locked by nobody."""
    places = (place_of(item) for item in change.forward)
    return next((state.tables[key] for place in places if place and (key := key_of(*place)) in state.tables), None)


class Taking:
    """Takes one change apart."""

    def __init__(
        self, change: Change, table: Table, quick: list[Change], slow: list[Change], last: list[Change]
    ) -> None:
        self.change = change
        self.table = table
        self.quick = quick
        self.slow = slow
        self.last = last
        self.kept: list[ops.MigrateOperation] = []
        self.fill: FillNullsOp | None = None
        self.previous = change

    def apart(self) -> None:
        """Sort the operations of the change into steps."""
        change, drops = self.change, False
        for operation in change.forward:
            drops = drops or isinstance(operation, ops.DropColumnOp | ops.DropTableOp)
            self.sort(operation)
        change.forward = [*self.kept, self.fill] if self.fill else self.kept
        change.group = self.table.key
        if drops:
            change.alone = change.late = True
            self.last.append(change)
        elif self.kept or change.data:
            self.quick.append(change)

    def sort(self, operation: ops.MigrateOperation) -> None:
        """Keep an operation, or put what is safer in its place."""
        match operation:
            case ops.AddColumnOp() if is_volatile(read_column(operation.column)):
                self.volatile(read_column(operation.column))
            case ops.CreateIndexOp():
                self.index(operation)
            case ops.DropIndexOp():
                self.drop_index(operation)
            case ops.AddConstraintOp():
                self.constraint(operation)
            case ops.AlterColumnOp(modify_nullable=False) if self.is_nullable(operation):
                self.not_null(operation)
            case ops.AlterColumnOp(modify_server_default=None):
                self.forget_default(operation)
            case FillNullsOp():
                self.fill = operation
            case _:
                self.kept.append(operation)

    def is_nullable(self, operation: ops.AlterColumnOp) -> bool:
        column = self.table.columns.get(operation.column_name)
        return column is None or column.nullable

    def later(
        self,
        text: str,
        fragment: str,
        forward: Sequence[ops.MigrateOperation],
        backward: Sequence[ops.MigrateOperation],
        where: list[Change] | None = None,
    ) -> Change:
        """Add a step of its own, after those of the same change before it."""
        late = self.change.late or where is self.last
        change = Change(self.change.app, "~", text, fragment, [*forward], [*backward], alone=True, late=late)
        link = ("step", self.table.key, str(id(change)))
        self.previous.provides.add(link)
        # What the change itself waits for, its steps wait for too.
        change.needs = {link, *(need for need in self.change.needs if need[0] != "step")}
        (self.slow if where is None else where).append(change)
        self.previous = change
        return change

    def take_back(self, wanted: Callable[[ops.MigrateOperation], bool]) -> list[ops.MigrateOperation]:
        """Take operations out of what undoes the change."""
        taken = [item for item in self.change.backward if wanted(item)]
        self.change.backward = [item for item in self.change.backward if not wanted(item)]
        return taken

    def index(self, operation: ops.CreateIndexOp) -> None:
        """Build an index CONCURRENTLY."""
        self.take_back(lambda item: isinstance(item, ops.DropIndexOp) and item.index_name == operation.index_name)
        back = ops.DropIndexOp(str(operation.index_name), operation.table_name, schema=operation.schema)
        text = f"Create index {operation.index_name} on model {self.model} while it is in use"
        self.own(text, f"{self.model}_{operation.index_name}", concurrent(operation), concurrent(back))

    def drop_index(self, operation: ops.DropIndexOp) -> None:
        """Drop an index CONCURRENTLY, before what else goes."""
        name = operation.index_name
        back = self.take_back(lambda item: isinstance(item, ops.CreateIndexOp) and item.index_name == name)
        backward = [concurrent(item) for item in back if isinstance(item, ops.CreateIndexOp)]
        text = f"Remove index {name} from {self.model} while it is in use"
        step = Change(
            self.change.app, "-", text, f"remove_{self.model}_{name}", [concurrent(operation)], [*backward], alone=True
        )
        link = ("step", self.table.key, str(id(step)))
        step.provides.add(link)
        self.change.needs.add(link)
        self.slow.append(step)

    def own(self, text: str, fragment: str, forward: ops.MigrateOperation, backward: ops.MigrateOperation) -> None:
        """Add a step; it is the change itself when that is about nothing else."""
        step = self.later(text, fragment, [forward], [backward])
        if len(self.change.forward) == 1:
            step.symbol, step.provides = self.change.symbol, step.provides | self.change.provides
            step.needs = set(self.change.needs)

    def constraint(self, operation: ops.AddConstraintOp) -> None:
        """Add a constraint that holds for new rows, and validate it later; make a unique one of an index."""
        constraint = read_constraint(operation.to_constraint())
        if isinstance(constraint, ForeignKey | Check) and constraint.name:
            made = copy(operation)
            made.kw = {**operation.kw, NOT_VALID: True}  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # both kinds have it
            self.kept.append(made)
            self.validate(constraint.name)
        elif isinstance(constraint, Unique) and constraint.name and not constraint.options:
            self.unique(constraint, constraint.name)
        else:
            self.kept.append(operation)

    def validate(self, name: str) -> None:
        step = ValidateConstraintOp(name, self.table.name, schema=self.table.schema)
        self.later(f"Validate constraint {name} on model {self.model}", f"validate_{name}", [step], [])

    def unique(self, constraint: Unique, name: str) -> None:
        """Build a unique index CONCURRENTLY and make it the constraint's."""
        drop = self.take_back(lambda item: isinstance(item, ops.DropConstraintOp) and item.constraint_name == name)
        table, schema, columns = self.table.name, self.table.schema, list(constraint.columns)
        index = ops.CreateIndexOp(name, table, columns, schema=schema, unique=True)
        text = f"Create unique index {name} on model {self.model} while it is in use"
        self.own(
            text,
            f"{self.model}_{name}_index",
            concurrent(index),
            concurrent(ops.DropIndexOp(name, table, schema=schema)),
        )
        handing = UniqueFromIndexOp(name, table, columns, schema=schema)
        text = f"Create constraint {name} on model {self.model}"
        self.later(text, f"{self.model}_{name}", [handing], [*drop, index])

    def not_null(self, operation: ops.AlterColumnOp) -> None:
        """Let a check prove that no row is NULL, so that no row is read under the lock."""
        column, model, schema = operation.column_name, self.model, self.table.schema
        name, table = cut(f"ck_{self.table.name}_{column}_not_null"), self.table.name
        condition = f"{QUOTE(column)} IS NOT NULL"
        add = ops.CreateCheckConstraintOp(name, table, condition, schema=schema)
        unproved = ops.CreateCheckConstraintOp(name, table, condition, schema=schema, **{NOT_VALID: True})
        drop = ops.DropConstraintOp(name, table, type_="check", schema=schema)
        nulls = self.take_back(lambda item: isinstance(item, ops.AlterColumnOp) and item.modify_nullable is True)
        back = [rest for item in nulls if isinstance(item, ops.AlterColumnOp) for rest in without_null(item)]
        self.kept.extend(without_null(operation))
        self.change.backward = [*back, *self.change.backward]
        if self.fill:
            # Filled first: the check would refuse every change of a row that is NULL still.
            self.fill_rows(self.fill)
            self.fill = None
            self.later(f"Refuse NULL in field {column} on {model} from now on", f"{model}_{name}", [unproved], [drop])
        else:
            self.kept.append(unproved)
            self.change.backward.insert(0, drop)
        self.validate(name)
        allow = ops.AlterColumnOp(table, column, schema=schema, modify_nullable=True)
        forbid = ops.AlterColumnOp(table, column, schema=schema, modify_nullable=False)
        text = f"Forbid NULL in field {column} on {model}"
        self.later(text, f"{model}_{column}_not_null", [forbid, drop], [add, allow])

    def volatile(self, column: Column) -> None:
        """Add a column without its default, which would be evaluated for every row under the lock; fill it later."""
        default = column.sa_default.arg
        plain = replace(column, nullable=True, default=None, sa_default=None)
        table, schema = self.table.name, self.table.schema
        self.kept.append(factory.add_column(self.table, plain))
        self.kept.append(ops.AlterColumnOp(table, column.name, schema=schema, modify_server_default=default))
        value = sa.text(sql(default))
        self.fill = FillNullsOp(table, column.name, value, column.sa_type or sa.Text(), schema)
        if column.nullable:
            self.fill_rows(self.fill)
            self.fill = None
        else:
            self.not_null(ops.AlterColumnOp(table, column.name, schema=schema, modify_nullable=False))

    def fill_rows(self, operation: FillNullsOp) -> None:
        """Give rows their value after those that come meanwhile need one, in batches where the value can be written."""
        column, key = operation.column_name, self.table.primary_key
        text, fragment = f"Fill field {column} on {self.model}", f"fill_{self.model}_{column}"
        value = operation.value
        if key is None or len(key.columns) != 1 or not isinstance(value, str | int | float | sa.TextClause):
            self.later(text, fragment, [operation], [])
            return
        said = f"sa.text({value.text!r})" if isinstance(value, sa.TextClause) else repr(value)
        place = ", ".join(map(repr, filter(None, (self.table.name, self.table.schema))))
        step = self.later(text, fragment, [], [])
        step.data = [
            f"table = migration.table({place})",
            f"key, column = table.c[{key.columns[0]!r}], table.c[{column!r}]",
            "async for rows in migration.batches(sa.select(key).where(column.is_(None))):",
            "    keys = [row[0] for row in rows]",
            f"    await migration.execute(table.update().where(key.in_(keys)).values({{column: {said}}}))",
        ]

    def forget_default(self, operation: ops.AlterColumnOp) -> None:
        """Keep a default until the running release, which knows no value for the column, is gone."""
        added = [item for item in self.kept if isinstance(item, ops.AddColumnOp)]
        column = next((item.column for item in added if item.column.name == operation.column_name), None)
        if column is None or column.nullable:
            self.kept.append(operation)
            return
        back, default = copy(operation), column.server_default
        back.modify_server_default = default.arg if isinstance(default, sa.DefaultClause) else None  # pyright: ignore[reportAttributeAccessIssue]  # it takes expressions, too
        text = f"Drop the default of field {column.name} on {self.model}, once every running release gives its value"
        self.later(text, f"{self.model}_{column.name}_contract", [operation], [back], self.last)

    @property
    def model(self) -> str:
        """The name of the model, as in the names of migrations."""
        return self.table.label.lower()


def concurrent[O: (ops.CreateIndexOp, ops.DropIndexOp)](operation: O) -> O:
    """Return an operation on an index as one that stops no writer."""
    made = copy(operation)
    made.kw = {**operation.kw, CONCURRENTLY: True}
    return made


def without_null(operation: ops.AlterColumnOp) -> list[ops.AlterColumnOp]:
    """Return what an operation changes besides NULL: nothing, or itself without that."""
    rest = copy(operation)
    rest.modify_nullable = None
    changes = rest.modify_type is not None or rest.modify_name or rest.modify_server_default is not False
    return [rest] if changes or rest.modify_comment is not False else []
