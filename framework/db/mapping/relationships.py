"""`Relationship(to="label.Class")`: sqlmodel's own, finding its other end by the label of an app."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.orm import RelationshipProperty, relationship
from sqlmodel import SQLModel
from sqlmodel.main import RelationshipInfo

from framework.db.mapping.annotations import OtherEnd, other_end
from framework.db.mapping.columns import column_of
from framework.db.mapping.labels import label_of, path_of
from framework.db.mapping.lookup import model_at, table_of
from framework.db.mapping.ordering import order_by as ordered
from framework.db.mapping.ordering import parse
from framework.db.mapping.unloaded import LAZY

__all__ = ["Relation", "Relationship", "references", "relate", "relations"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A model that a relationship refers to, as its author named it, and fields that it is said to have."""

    where: str
    target: type[SQLModel] | str
    fields: Sequence[str] = ()


class Relation(RelationshipInfo):
    """What `Relationship` was told."""

    def __init__(self, *, to: str | None, foreign_key: str | None, order_by: str | None, **told: Any) -> None:
        super().__init__(**told)  # pyright: ignore[reportUnknownMemberType]  # sqlmodel leaves a type open
        self.to = to
        self.foreign_key = foreign_key
        self.order_by = order_by


def Relationship(
    *,
    to: str | None = None,
    foreign_key: str | None = None,
    back_populates: str | None = None,
    cascade_delete: bool = False,
    passive_deletes: bool | Literal["all"] | None = None,
    link_model: type[SQLModel] | str | None = None,
    order_by: str | None = None,
    sa_relationship: RelationshipProperty[Any] | None = None,
    sa_relationship_args: Sequence[Any] | None = None,
    sa_relationship_kwargs: Mapping[str, Any] | None = None,
) -> Any:
    """Relate a model to another one, which may live in another app and be written later.

    `to` is `"label.Class"`; left out, it is the class in the annotation, of the same app. `foreign_key` names the
    field that refers, here or at the other end, and is needed only where two models refer to each other more than
    once. `link_model` is the model of a many-to-many table, as a class or as `"label.Class"`. `order_by` names fields
    of the other end, as in `"-created_at"`. A collection is left to the database when its owner is deleted: `ondelete`
    of the foreign key decides, and nothing is loaded for it.
    """
    return Relation(
        to=to,
        foreign_key=foreign_key,
        order_by=order_by,
        back_populates=back_populates,
        cascade_delete=cascade_delete,
        passive_deletes=passive_deletes,
        link_model=link_model,
        sa_relationship=sa_relationship,
        sa_relationship_args=sa_relationship_args,
        sa_relationship_kwargs=sa_relationship_kwargs,
    )


def relate(model: type[SQLModel], name: str, info: RelationshipInfo, annotation: object) -> RelationshipProperty[Any]:
    """Return SQLAlchemy's relationship for `name`; its other end is looked up when mappers are configured."""
    where = f"{path_of(model)}.{name}"
    end = other_end(annotation, where)

    def target() -> type[SQLModel]:
        return target_of(model, info, end, where)

    def resolved() -> type[SQLModel]:
        if info.passive_deletes is None and "secondary" not in told:
            made.passive_deletes = left_to_database(made, model, target(), getattr(info, "foreign_key", None))
        return target()

    told: dict[str, Any] = {"uselist": end.many, "lazy": LAZY, "back_populates": info.back_populates}
    told["passive_deletes"] = True if info.passive_deletes is None else info.passive_deletes
    if info.cascade_delete:
        told["cascade"] = "all, delete-orphan"
    if (link := info.link_model) is not None:
        told["secondary"] = lambda: table_of(model_at(link, where) if isinstance(link, str) else link)
    elif not end.many:
        told["remote_side"] = lambda: parents(model) if target() is model else None
    if isinstance(info, Relation):
        if order := info.order_by:
            told["order_by"] = lambda: ordered(target(), order)
        if key := info.foreign_key:
            told["foreign_keys"] = lambda: column_of(target() if end.many else model, key)
    told |= info.sa_relationship_kwargs or {}
    made = relationship(resolved, *(info.sa_relationship_args or ()), **told)
    return made


def parents(model: type[SQLModel]) -> list[Any]:
    """Return the columns of `model` that rows of its own refer to."""
    table = table_of(model)
    return [key.column for key in table.foreign_keys if key.references(table)]


def target_of(model: type[SQLModel], info: RelationshipInfo, end: OtherEnd, where: str) -> type[SQLModel]:
    """Return the other end, or say which model is missing."""
    target = written_target(model, info, end)
    return model_at(target, where) if isinstance(target, str) else target


def written_target(model: type[SQLModel], info: RelationshipInfo, end: OtherEnd) -> type[SQLModel] | str:
    """Return the other end as its author named it: a class, or `label.Class`."""
    if isinstance(info, Relation) and info.to:
        return info.to
    return f"{label_of(model)}.{end.target}" if isinstance(end.target, str) else end.target


def relations(model: type[SQLModel]) -> Iterator[tuple[str, RelationshipInfo, object]]:
    """Yield the relationships of a `Model` with their annotations, those of its abstract ancestors first."""
    found: dict[str, tuple[RelationshipInfo, object]] = {}
    for ancestor in reversed(model.__mro__):
        found |= vars(ancestor).get("__relations__", {})
    for key, (info, annotation) in found.items():
        yield key, info, annotation


def references(model: type[SQLModel]) -> Iterator[Reference]:
    """Yield what the relationships of a `Model` refer to."""
    for key, info, annotation in relations(model):
        where = f"{path_of(model)}.{key}"
        if info.link_model is not None:
            yield Reference(where, info.link_model)
        if vars(info)["sa_relationship"] is None:
            end = other_end(annotation, where)
            target = written_target(model, info, end)
            yield Reference(where, target, [key.name for key in parse(getattr(info, "order_by", None) or "")])
            if name := getattr(info, "foreign_key", None):
                yield Reference(where, target if end.many else model, [name])


def left_to_database(
    made: RelationshipProperty[Any], model: type[SQLModel], other: type[SQLModel], name: str | None
) -> bool | Literal["all"]:
    """Tell how far the session keeps its hands off the other rows when a row is deleted.

    Never a query for them. Rows at hand are released (their key set to null) only where the database would do the
    same; with any other rule the same deletion would end differently when the collection happened to be loaded.
    """
    table = table_of(model)
    keys = [key for key in table_of(other).foreign_keys if key.references(table) and name in (None, key.parent.key)]
    released = any((key.ondelete or "").upper() == "SET NULL" for key in keys)
    return True if made.cascade.delete or released else "all"
