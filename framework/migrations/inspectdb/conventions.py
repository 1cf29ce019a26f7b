"""Which names of constraints a model need not say, because it would give them itself."""

from framework.migrations.schema.identifiers import cut
from framework.migrations.schema.table import Check, ForeignKey, Index, PrimaryKey, Table, Unique
from framework.migrations.source.code import Code, call, literal

__all__ = ["by_convention", "check_name"]

PREFIXES: dict[type, str] = {ForeignKey: "fk", Unique: "uq", Index: "ix"}


def by_convention(table: Table, item: PrimaryKey | ForeignKey | Unique | Index) -> bool:
    """Tell whether a model names this as the database does, or the database gave it no name."""
    if item.name is None:
        return True
    if isinstance(item, PrimaryKey):
        return item.name == cut(f"pk_{table.name}")
    return item.name == cut("_".join((PREFIXES[type(item)], table.name, *item.columns)))


def check_name(table: Table, item: Check) -> Code:
    """Return the name to write on a check: the convention puts `ck_` and the table in front of a plain one."""
    if item.name is None:
        # Only SQLite leaves one without; the convention asks for a name.
        unnamed = [other for other in table.constraints if isinstance(other, Check) and other.name is None]
        return literal(f"check_{unnamed.index(item) + 1}")
    prefix = f"ck_{table.name}_"
    if item.name.startswith(prefix) and item.name != prefix:
        return literal(item.name.removeprefix(prefix))
    return call(Code("conv", frozenset(["from sqlalchemy.schema import conv"])), literal(item.name))
