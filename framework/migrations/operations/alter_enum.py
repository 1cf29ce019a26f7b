"""`op.alter_enum()`: an enum gains, loses and renames members, and the rows that hold them follow."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops
from sqlalchemy.dialects import postgresql

from framework.errors import FrameworkError

__all__ = ["AlterEnumOp", "default_member", "schema_of", "values_of"]


def values_of(type_: sa.Enum) -> list[str]:
    """Return the values an enum is stored as."""
    return list(type_.enums)


def schema_of(type_: sa.Enum) -> str | None:
    """Return the schema of PostgreSQL's that an enum type is in."""
    schema: Any = vars(type_).get("schema")
    return schema


@Operations.register_operation("alter_enum")
class AlterEnumOp(ops.AlterColumnOp):
    """The members of a column's enum change; a PostgreSQL type that several columns share changes for all of them."""

    modify_type: sa.Enum
    existing_type: sa.Enum

    def __init__(
        self,
        table_name: str,
        column_name: str,
        existing_type: sa.Enum,
        type_: sa.Enum,
        moved: Mapping[str, str] | None = None,
        also: Sequence[str] = (),
        schema: str | None = None,
    ) -> None:
        super().__init__(table_name, column_name, schema=schema, existing_type=existing_type, modify_type=type_)
        self.moved = dict(moved or {})
        self.also = tuple(also)

    @classmethod
    def alter_enum(
        cls,
        operations: Operations,
        table_name: str,
        column_name: str,
        existing_type: sa.Enum,
        type_: sa.Enum,
        moved: Mapping[str, str] | None = None,
        also: Sequence[str] = (),
        schema: str | None = None,
    ) -> None:
        """Change the members of an enum.

        `moved` says what rows that hold a member which goes get instead: its new name, or another member. `also` names
        the other columns of the same PostgreSQL type, as `"table.column"`.
        Raises `FrameworkError` when rows hold a member that goes and is not in `moved`.
        """
        operations.invoke(cls(table_name, column_name, existing_type, type_, moved, also, schema))

    @property
    def places(self) -> list[tuple[str | None, str, str]]:
        """Every column concerned: schema, table, column."""
        others = [(place.rpartition(".")[0], place.rpartition(".")[2]) for place in self.also]
        split = [(table.rpartition("."), column) for table, column in others]
        return [
            (self.schema, self.table_name, self.column_name),
            *((schema or None, table, column) for (schema, _, table), column in split),
        ]

    def followed(self, default: Any) -> str | None:
        """Return the member that a column's default becomes; `None` when it goes, and when it was no member."""
        member = default_member(default)
        if member not in values_of(self.existing_type):
            return None
        moved = self.moved.get(member, member)
        return moved if moved in values_of(self.modify_type) else None

    @property
    def in_place(self) -> bool:
        """Whether PostgreSQL can do it to the type that stands: adding and renaming, without changing the order."""
        before, after = values_of(self.existing_type), values_of(self.modify_type)
        renamed = {old: new for old, new in self.moved.items() if new not in before}
        kept = [renamed.get(item, item) for item in before]
        return [item for item in after if item in kept] == kept and len(set(renamed.values())) == len(renamed)

    @property
    def lost(self) -> list[str]:
        """The members that go and that no row may hold."""
        after = values_of(self.modify_type)
        return [item for item in values_of(self.existing_type) if item not in after and item not in self.moved]


def is_native(type_: sa.Enum, dialect: str) -> bool:
    """Tell whether a database keeps an enum as a type of its own."""
    return dialect == "postgresql" and bool(type_.native_enum)


@Operations.implementation_for(AlterEnumOp)
def alter_enum(operations: Operations, operation: AlterEnumOp) -> None:
    require_unused(operations, operation)
    if is_native(operation.modify_type, operations.migration_context.dialect.name):
        alter_native(operations, operation)
    else:
        for schema, table, column in operation.places:
            alter_text(operations, operation, schema, table, column)


def require_unused(operations: Operations, operation: AlterEnumOp) -> None:
    """Raise when rows hold what is about to go: without a check constraint the database would let it pass."""
    if not operation.lost or operations.migration_context.as_sql:
        return
    for schema, table, name in operation.places:
        column = sa.column(name, sa.String)
        held = sa.select(column, sa.func.count()).select_from(sa.table(table, schema=schema)).group_by(column)
        as_text = sa.cast(column, sa.String)
        found = operations.get_bind().execute(held.where(as_text.in_(operation.lost))).first()
        if found is not None:
            raise FrameworkError(
                f"{found[1]} row(s) of {table!r} hold {found[0]!r} in {name!r}, a member that this migration removes.",
                hint=f"Change those rows first, or say what they become: moved={{{found[0]!r}: ...}}.",
                code="migrations.member-in-use",
            )


def alter_text(operations: Operations, operation: AlterEnumOp, schema: str | None, table: str, column: str) -> None:
    """Change an enum that is kept as text: its length, its check, and the rows."""
    old, new = operation.existing_type, operation.modify_type
    checked = old.create_constraint or new.create_constraint
    default = default_of(operations, schema, table, column)
    member = default_member(default)
    changed = member in values_of(old) and operation.followed(default) != member
    options: dict[str, Any] = {"server_default": operation.followed(default)} if changed else {}
    if not checked and old.length == new.length:
        update(operations, operation, schema, table, column)
        if changed:
            operations.alter_column(table, column, schema=schema, **options)
        return
    # No check while the rows change: either would refuse what the other allows.
    text = sa.String(max(old.length or 0, new.length or 0))
    with operations.batch_alter_table(table, schema=schema) as batch:
        batch.alter_column(column, existing_type=old, type_=text)
    update(operations, operation, schema, table, column)
    with operations.batch_alter_table(table, schema=schema) as batch:
        batch.alter_column(column, existing_type=text, type_=new, **options)


def update(operations: Operations, operation: AlterEnumOp, schema: str | None, table: str, name: str) -> None:
    if not operation.moved:
        return
    column = sa.column(name, sa.String)
    rows = sa.table(table, column, schema=schema).update().where(column.in_(list(operation.moved)))
    # At once: two members may change places.
    operations.migration_context.impl.execute(rows.values({column: sa.case(operation.moved, value=column)}))


def alter_native(operations: Operations, operation: AlterEnumOp) -> None:
    """Change a type of PostgreSQL's: in place where that is possible, or a new one in its place."""
    if not operation.in_place:
        rebuild(operations, operation)
        return
    impl: Any = operations.migration_context.impl
    new, before = values_of(operation.modify_type), values_of(operation.existing_type)
    name = type_name(operations, operation.modify_type)
    renamed = {old: to for old, to in operation.moved.items() if to not in before}
    kept = [renamed.get(item, item) for item in before]
    for old, to in renamed.items():
        impl.execute(plain(f"ALTER TYPE {name} RENAME VALUE {quoted(old)} TO {quoted(to)}"))
    for place, item in enumerate(new):
        if item not in kept:
            where = f"AFTER {quoted(new[place - 1])}" if place else f"BEFORE {quoted(kept[0])}" if kept else ""
            impl.execute(plain(f"ALTER TYPE {name} ADD VALUE {quoted(item)} {where}".rstrip()))


def rebuild(operations: Operations, operation: AlterEnumOp) -> None:
    """Rebuild the type: PostgreSQL cannot remove a value."""
    impl: Any = operations.migration_context.impl
    type_ = operation.modify_type
    name = type_name(operations, type_)
    former = f"{type_.name}_former"
    impl.execute(plain(f"ALTER TYPE {name} RENAME TO {quote(operations, former)}"))
    made = postgresql.ENUM(*values_of(type_), name=str(type_.name), schema=schema_of(type_))
    impl.execute(postgresql.CreateEnumType(made))
    for schema, table, column in operation.places:
        default = default_of(operations, schema, table, column)
        if default is not None:
            impl.alter_column(table, column, server_default=None, schema=schema)
        impl.alter_column(
            table, column, type_=made, schema=schema, postgresql_using=using(operations, operation, column, name)
        )
        if (member := operation.followed(default)) is not None:
            impl.alter_column(table, column, server_default=member, schema=schema)
    schema = schema_of(type_)
    prefix = f"{quote(operations, schema)}." if schema else ""
    impl.execute(plain(f"DROP TYPE {prefix}{quote(operations, former)}"))


def using(operations: Operations, operation: AlterEnumOp, column: str, name: str) -> str:
    text = f"{quote(operations, column)}::text"
    if operation.moved:
        cases = " ".join(f"WHEN {quoted(old)} THEN {quoted(new)}" for old, new in operation.moved.items())
        text = f"CASE {text} {cases} ELSE {text} END"
    return f"({text})::{name}"


def default_of(operations: Operations, schema: str | None, table: str, column: str) -> Any:
    """Return a column's default in the state; there is none when Alembic is alone."""
    state: Any = getattr(operations, "state", None)
    known = state.tables.get(f"{schema}.{table}" if schema else table) if state else None
    return known.columns[column].sa_default if known and column in known.columns else None


def default_member(default: Any) -> str | None:
    """Return the text that a server default stands for, `'draft'::status` included."""
    argument: Any = getattr(default, "arg", None)
    text: object = getattr(argument, "text", argument)
    if not isinstance(text, str):
        return None
    return text if argument is text else text.partition("::")[0].strip("'")


def type_name(operations: Operations, type_: sa.Enum) -> str:
    schema = schema_of(type_)
    prefix = f"{quote(operations, schema)}." if schema else ""
    return prefix + quote(operations, str(type_.name))


def quote(operations: Operations, name: str) -> str:
    return operations.migration_context.dialect.identifier_preparer.quote(name)


def plain(sql: str) -> sa.TextClause:
    """Return a statement in which a colon is a colon."""
    return sa.text(sql.replace(":", "\\:"))


def quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
