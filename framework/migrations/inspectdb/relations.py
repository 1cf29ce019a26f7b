"""Relationships along foreign keys: from the row that points to the one it points at."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from framework.db.mapping.naming import snake
from framework.migrations.inspectdb.names import attribute
from framework.migrations.schema.table import ForeignKey, Table
from framework.migrations.source.code import Code, literal

__all__ = ["Place", "Relation", "relations"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the model of a table is."""

    name: str
    """The class."""
    path: str = ""
    """`label.Class`, for a model of an app that is installed already."""
    module: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """One relationship to write."""

    name: str
    annotation: str
    target: Place
    arguments: Mapping[str, Code]


def relations(
    table: Table, tables: Mapping[str, Table], places: Mapping[str, Place], attributes: Mapping[str, Mapping[str, str]]
) -> Iterator[Relation]:
    """Yield what a model may relate to: along keys of one column that no other key shares."""
    own = places[table.key]
    taken = set(attributes[table.key].values())
    for item in table.foreign_keys:
        target = places.get(item.target)
        sharing = [other for other in table.foreign_keys if set(other.columns) & set(item.columns)]
        if target is None or len(item.columns) != 1 or len(sharing) > 1:
            continue
        if target.path and target.name in {place.name for place in places.values() if not place.path}:
            continue  # its name means another class here
        (column,) = item.columns
        field = attributes[table.key][column]
        name = relation_name(field, target, taken)
        taken.add(name)
        arguments: dict[str, Code] = {"to": literal(target.path)} if target.path else {}
        if told := joined(table, item, tables, f"{own.name}.{field}", attributes):
            arguments["sa_relationship_kwargs"] = told
        optional = " | None" if table.columns[column].nullable else ""
        yield Relation(name, f'"{target.name}{optional}"', target, arguments)


def relation_name(field: str, target: Place, taken: Collection[str]) -> str:
    """Return `author` for `author_id`; for a field that ends otherwise, the name of the model it points at."""
    if field.endswith("_id") and len(field) > len("_id"):
        return attribute(field.removesuffix("_id"), taken)
    plain = attribute(snake(target.name))
    return attribute(f"{field}_{plain}", taken) if plain in taken else plain


def joined(
    table: Table,
    item: ForeignKey,
    tables: Mapping[str, Table],
    field: str,
    attributes: Mapping[str, Mapping[str, str]],
) -> Code | None:
    """Return what SQLAlchemy has to be told where the keys alone don't say how to join."""
    other = tables.get(item.target)
    ways = [key for key in table.foreign_keys if key.target == item.target]
    if other is not None and other.key != table.key:
        ways += [key for key in other.foreign_keys if key.target == table.key]
    told: dict[str, str] = {}
    if len(ways) > 1:
        told["foreign_keys"] = f"lambda: {field}"
    if item.target == table.key:
        told["remote_side"] = f"lambda: {field.partition('.')[0]}.{attributes[table.key][item.target_columns[0]]}"
    if not told:
        return None
    return Code("{" + ", ".join(f'"{name}": {text}' for name, text in told.items()) + "}")
