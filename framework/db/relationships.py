"""`Relationship(to="label.Class")`: sqlmodel's own, finding its other end by the label of an app."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy.orm import RelationshipProperty, relationship
from sqlmodel import SQLModel
from sqlmodel.main import RelationshipInfo

from framework.db.annotations import OtherEnd, other_end
from framework.db.labels import label_of, path_of
from framework.db.lookup import model_at, table_of
from framework.db.ordering import order_by as ordered
from framework.db.unloaded import LAZY

__all__ = ["Relation", "Relationship", "relate", "relations", "targets"]


class Relation(RelationshipInfo):
    """What `Relationship` was told."""

    def __init__(self, *, to: str | None, order_by: str | None, **told: Any) -> None:
        super().__init__(**told)  # pyright: ignore[reportUnknownMemberType]  # sqlmodel leaves a type open
        self.to = to
        self.order_by = order_by


def Relationship(
    *,
    to: str | None = None,
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

    `to` is `"label.Class"`; left out, it is the class in the annotation, of the same app. `link_model` is the model
    of a many-to-many table, as a class or as `"label.Class"`; `order_by` names fields of the other end, as in
    `"-created_at"`. A collection is left to the database when its owner is deleted: `ondelete` of the foreign key
    decides, and nothing is loaded for it.
    """
    return Relation(
        to=to,
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
        found = target_of(model, info, end, where)
        if info.passive_deletes is None and "secondary" not in told:
            made.passive_deletes = left_to_database(made, model, found)
        return found

    told: dict[str, Any] = {"uselist": end.many, "lazy": LAZY, "back_populates": info.back_populates}
    if info.cascade_delete:
        told["cascade"] = "all, delete-orphan"
    told["passive_deletes"] = True if info.passive_deletes is None else info.passive_deletes
    if (link := info.link_model) is not None:
        told["secondary"] = lambda: table_of(model_at(link, where) if isinstance(link, str) else link)
    if isinstance(info, Relation) and (order := info.order_by):
        told["order_by"] = lambda: ordered(target_of(model, info, end, where), order)
    told |= info.sa_relationship_kwargs or {}
    made = relationship(target, *(info.sa_relationship_args or ()), **told)
    return made


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


def targets(model: type[SQLModel]) -> Iterator[tuple[str, type[SQLModel] | str]]:
    """Yield every relationship of a `Model`, by the name for errors, with what its author named as other ends."""
    for key, info, annotation in relations(model):
        where = f"{path_of(model)}.{key}"
        if vars(info)["sa_relationship"] is None:
            yield where, written_target(model, info, other_end(annotation, where))
        if info.link_model is not None:
            yield where, info.link_model


def left_to_database(
    made: RelationshipProperty[Any], model: type[SQLModel], other: type[SQLModel]
) -> bool | Literal["all"]:
    """Tell how far the session keeps its hands off the other rows when a row is deleted.

    Never a query for them. Rows at hand are released (their key set to null) only where the database would do the
    same; with any other rule the same deletion would end differently when the collection happened to be loaded.
    """
    table = table_of(model)
    keys = [key for key in table_of(other).foreign_keys if key.references(table)]
    released = any((key.ondelete or "").upper() == "SET NULL" for key in keys)
    return True if made.cascade.delete or released else "all"
